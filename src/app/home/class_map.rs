use leptos::{html::Canvas, prelude::*};
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, ImageData};

use crate::classifier::ClassMap;

/// Opacity of the strongest cell, of 255.
const STRONGEST: f32 = 190.0;
/// Readable over any photo, in light and dark.
const COLOUR: [u8; 3] = [255, 61, 110];

/// Lays the class map over a photo: one pixel a cell, which the browser scales and smooths. Its
/// parent is the photo's box.
#[component]
pub fn ClassMapOverlay(map: ClassMap) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    // The photo's rectangle on the grid, turned round: the grid's rectangle on the photo.
    let placement = map.placement;
    let percent = |share: f32| format!("{:.3}%", 100.0 * share);
    let (width, height) = (map.width as u32, map.height as u32);
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        let pixels: Vec<u8> = map
            .values
            .iter()
            .flat_map(|value| [COLOUR[0], COLOUR[1], COLOUR[2], (value * STRONGEST) as u8])
            .collect();
        let context =
            canvas.get_context("2d").ok().flatten().map(JsCast::unchecked_into::<CanvasRenderingContext2d>);
        let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels), width, height);
        if let (Some(context), Ok(data)) = (context, data) {
            let _ = context.put_image_data(&data, 0.0, 0.0);
        }
    });
    view! {
        <canvas class="class-map" aria-hidden="true" node_ref=canvas width=width height=height
            style:left=percent(-placement.x / placement.width) style:top=percent(-placement.y / placement.height)
            style:width=percent(1.0 / placement.width) style:height=percent(1.0 / placement.height)></canvas>
    }
}

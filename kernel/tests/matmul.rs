//! The kernel, run by tract, compared with a naive product: natively, and in a browser with the real instructions.

use std::sync::{Mutex, MutexGuard};

use clothing_kernel::{COLUMNS, ROWS, Slice, choose_slice, matmul, set_slice, slice};
use tract_data::prelude::{Tensor, tensor0, tensor1};
use tract_linalg::{
    BinOp,
    mmm::{AsInputValue, FusedSpec, MatMatMul},
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Pseudo-random numbers, the same in each run (from a linear congruential generator).
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    /// Between -1 and 1.
    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next() as f32 / (1 << 23) as f32 - 1.0).collect()
    }
}

/// The order of a matrix's numbers in memory.
#[derive(Clone, Copy, Debug)]
enum Layout {
    RowsContiguous,
    ColumnsContiguous,
    /// Every third float belongs to the matrix; the others must not be touched.
    Gaps,
}

const LAYOUTS: [Layout; 3] = [Layout::RowsContiguous, Layout::ColumnsContiguous, Layout::Gaps];

/// A matrix in one of the layouts.
struct Matrix {
    tensor: Tensor,
    layout: Layout,
}

const UNTOUCHED: f32 = 12345.0;

impl Matrix {
    /// From values in row-major order.
    fn new(layout: Layout, m: usize, n: usize, values: &[f32]) -> Self {
        let mut matrix = Self {
            tensor: match layout {
                Layout::RowsContiguous => Tensor::zero::<f32>(&[m, n]).unwrap(),
                Layout::ColumnsContiguous => Tensor::zero::<f32>(&[n, m]).unwrap(),
                Layout::Gaps => Tensor::zero::<f32>(&[m, n, 3]).unwrap(),
            },
            layout,
        };
        let places: Vec<usize> = (0..m * n).map(|ix| matrix.place(m, n, ix / n, ix % n)).collect();
        let floats = matrix.floats_mut();
        floats.fill(UNTOUCHED);
        for (&place, &value) in places.iter().zip(values) {
            floats[place] = value;
        }
        matrix
    }

    fn place(&self, m: usize, n: usize, row: usize, column: usize) -> usize {
        match self.layout {
            Layout::RowsContiguous => row * n + column,
            Layout::ColumnsContiguous => column * m + row,
            Layout::Gaps => (row * n + column) * 3,
        }
    }

    fn axes(&self) -> (Option<usize>, Option<usize>) {
        match self.layout {
            Layout::RowsContiguous | Layout::Gaps => (Some(0), Some(1)),
            Layout::ColumnsContiguous => (Some(1), Some(0)),
        }
    }

    /// Between -1 and 1.
    fn floats(&self) -> &[f32] {
        unsafe { self.tensor.as_slice_unchecked() }
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        unsafe { self.tensor.as_slice_mut_unchecked() }
    }
}

/// Sets the slice. It is global to the program, so tests that set it wait for each other.
fn with_slice(wanted: Slice) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    set_slice(wanted);
    turn
}

fn naive(m: usize, k: usize, n: usize, a: &[f32], b: &[f32]) -> Vec<f32> {
    let product = |row: usize, column: usize| {
        (0..k).map(|step| f64::from(a[row * k + step]) * f64::from(b[step * n + column])).sum::<f64>() as f32
    };
    (0..m * n).map(|ix| product(ix / n, ix % n)).collect()
}

/// The operation fused between product and store.
#[derive(Clone, Copy, Debug)]
enum Fused {
    Nothing,
    Scalar(BinOp),
    PerRow(BinOp),
    PerColumn(BinOp),
    LeakyRelu,
    RowColumnProducts,
    Stored(Layout),
    SecondProduct,
}

fn all_fused() -> Vec<Fused> {
    let operations = [BinOp::Min, BinOp::Max, BinOp::Add, BinOp::Mul, BinOp::Sub, BinOp::SubF];
    let mut all = vec![Fused::Nothing, Fused::LeakyRelu, Fused::RowColumnProducts, Fused::SecondProduct];
    all.extend(operations.map(Fused::Scalar));
    all.extend(operations.map(Fused::PerRow));
    all.extend(operations.map(Fused::PerColumn));
    all.extend(LAYOUTS.map(Fused::Stored));
    all
}

fn apply(operation: BinOp, operand: f32, value: f32) -> f32 {
    match operation {
        BinOp::Min => value.min(operand),
        BinOp::Max => value.max(operand),
        BinOp::Add => value + operand,
        BinOp::Mul => value * operand,
        BinOp::Sub => operand - value,
        BinOp::SubF => value - operand,
    }
}

fn check(
    kernel: &dyn MatMatMul,
    numbers: &mut Numbers,
    m: usize,
    k: usize,
    n: usize,
    fused: Fused,
    out: Layout,
) {
    let (a, b) = (numbers.floats(m * k), numbers.floats(k * n));
    let (rows, columns, stored) = (numbers.floats(m), numbers.floats(n), numbers.floats(m * n));
    let scalar = numbers.floats(1)[0];

    let mut expected = naive(m, k, n, &a, &b);
    let again = expected.clone();
    for (ix, value) in expected.iter_mut().enumerate() {
        let (row, column) = (ix / n, ix % n);
        *value = match fused {
            Fused::Nothing => *value,
            Fused::Scalar(operation) => apply(operation, scalar, *value),
            Fused::PerRow(operation) => apply(operation, rows[row], *value),
            Fused::PerColumn(operation) => apply(operation, columns[column], *value),
            Fused::LeakyRelu => {
                if *value > 0.0 {
                    *value
                } else {
                    *value * scalar
                }
            }
            Fused::RowColumnProducts => *value + rows[row] * columns[column],
            Fused::Stored(_) => *value + stored[ix],
            Fused::SecondProduct => *value + again[ix],
        };
    }

    let (pack_a, pack_b) = &kernel.packings()[0];
    let a = pack_a.prepare_one(&Tensor::from_shape(&[m, k], &a).unwrap(), 1, 0).unwrap();
    let b = pack_b.prepare_one(&Tensor::from_shape(&[k, n], &b).unwrap(), 0, 1).unwrap();
    let product = || FusedSpec::AddMatMul {
        a: AsInputValue::Borrowed(&*a),
        b: AsInputValue::Borrowed(&*b),
        packing: 0,
    };
    let (row_tensor, column_tensor, scalar) = (tensor1(&rows), tensor1(&columns), tensor0(scalar));
    let addend = match fused {
        Fused::Stored(layout) => Matrix::new(layout, m, n, &stored),
        _ => Matrix::new(Layout::RowsContiguous, m, n, &stored),
    };
    let view = |matrix: &Matrix| unsafe {
        let (m_axis, n_axis) = matrix.axes();
        kernel.c_view(m_axis, n_axis).wrap(&matrix.tensor.view())
    };
    let found = Matrix::new(out, m, n, &vec![f32::NAN; m * n]);

    let mut operations = vec![product()];
    operations.extend(match fused {
        Fused::Nothing => None,
        Fused::Scalar(operation) => Some(FusedSpec::BinScalar(&scalar, operation)),
        Fused::PerRow(operation) => Some(FusedSpec::BinPerRow(row_tensor.view(), operation)),
        Fused::PerColumn(operation) => Some(FusedSpec::BinPerCol(column_tensor.view(), operation)),
        Fused::LeakyRelu => Some(FusedSpec::LeakyRelu(&scalar)),
        Fused::RowColumnProducts => Some(FusedSpec::AddRowColProducts(&row_tensor, &column_tensor)),
        Fused::Stored(_) => Some(FusedSpec::AddUnicast(view(&addend))),
        Fused::SecondProduct => Some(product()),
    });
    operations.push(FusedSpec::Store(view(&found)));
    assert!(operations.iter().all(|operation| kernel.can_fuse(operation)));
    unsafe { kernel.run(m, n, &operations) }.unwrap();

    let allowed = 1e-6 * (k as f32 + 4.0);
    let mut rest = found.floats().to_vec();
    for (ix, expected) in expected.iter().enumerate() {
        let place = found.place(m, n, ix / n, ix % n);
        let value = std::mem::replace(&mut rest[place], UNTOUCHED);
        assert!(
            (value - expected).abs() <= allowed,
            "{m} × {k} × {n}, {fused:?} into {out:?}, row {} column {}: {value}, not {expected}",
            ix / n,
            ix % n
        );
    }
    assert!(
        rest.iter().all(|&value| value == UNTOUCHED),
        "{m} × {k} × {n}, {out:?}: wrote outside the matrix"
    );
}

/// `(m, k, n)`: whole tiles, parts of tiles, single rows and columns, and random shapes.
fn shapes(numbers: &mut Numbers) -> Vec<(usize, usize, usize)> {
    let mut shapes = vec![
        (ROWS, 1, COLUMNS),
        (ROWS, 27, COLUMNS),
        (2 * ROWS, 64, 3 * COLUMNS),
        (1, 5, 1),
        (ROWS - 1, 3, COLUMNS - 1),
        (ROWS + 1, 300, COLUMNS + 1),
        (3 * ROWS + 5, 17, 1),
        (1, 17, 2 * COLUMNS + 3),
    ];
    shapes.extend((0..12).map(|_| (1 + numbers.below(70), 1 + numbers.below(130), 1 + numbers.below(40))));
    shapes
}

#[track_caller]
fn check_all(wanted: Slice) {
    let _turn = with_slice(wanted);
    let kernel = matmul();
    let mut numbers = Numbers(7);
    for (m, k, n) in shapes(&mut numbers) {
        for fused in all_fused() {
            for out in LAYOUTS {
                check(&*kernel, &mut numbers, m, k, n, fused, out);
            }
        }
    }
}

#[test]
fn products_and_fused_operations_are_right_in_slices_of_four_rows() {
    check_all(Slice::FourRows);
}

#[test]
fn products_and_fused_operations_are_right_in_slices_of_eight_rows() {
    check_all(Slice::EightRows);
}

#[test]
fn operations_are_applied_in_their_order() {
    let _turn = with_slice(Slice::FourRows);
    let kernel = matmul();
    let (two, half) = (tensor0(2f32), tensor0(0.5f32));
    let (pack_a, pack_b) = &kernel.packings()[0];
    let a = pack_a.prepare_one(&Tensor::from_shape(&[1, 1], &[3f32]).unwrap(), 1, 0).unwrap();
    let b = pack_b.prepare_one(&Tensor::from_shape(&[1, 1], &[1f32]).unwrap(), 0, 1).unwrap();
    let found = Matrix::new(Layout::RowsContiguous, 1, 1, &[0.0]);
    let operations = [
        FusedSpec::AddMatMul { a: AsInputValue::Borrowed(&*a), b: AsInputValue::Borrowed(&*b), packing: 0 },
        FusedSpec::BinScalar(&two, BinOp::Min),
        FusedSpec::BinScalar(&half, BinOp::Add),
        FusedSpec::BinScalar(&two, BinOp::Mul),
        FusedSpec::Store(unsafe { kernel.c_view(Some(0), Some(1)).wrap(&found.tensor.view()) }),
    ];
    unsafe { kernel.run(1, 1, &operations) }.unwrap();
    assert_eq!(found.floats(), [5.0]);
}

/// NaN must not become a number in a ReLU.
#[test]
fn nan_stays_nan() {
    let _turn = with_slice(Slice::FourRows);
    let kernel = matmul();
    let zero = tensor0(0f32);
    let (pack_a, pack_b) = &kernel.packings()[0];
    let a = pack_a.prepare_one(&Tensor::from_shape(&[1, 1], &[f32::NAN]).unwrap(), 1, 0).unwrap();
    let b = pack_b.prepare_one(&Tensor::from_shape(&[1, 1], &[1f32]).unwrap(), 0, 1).unwrap();
    for operation in [BinOp::Max, BinOp::Min] {
        let found = Matrix::new(Layout::RowsContiguous, 1, 1, &[0.0]);
        let operations = [
            FusedSpec::AddMatMul {
                a: AsInputValue::Borrowed(&*a),
                b: AsInputValue::Borrowed(&*b),
                packing: 0,
            },
            FusedSpec::BinScalar(&zero, operation),
            FusedSpec::Store(unsafe { kernel.c_view(Some(0), Some(1)).wrap(&found.tensor.view()) }),
        ];
        unsafe { kernel.run(1, 1, &operations) }.unwrap();
        assert!(found.floats()[0].is_nan(), "{operation:?}");
    }
}

/// With a fake clock that makes eight rows slower or faster than four.
#[test]
fn the_faster_slice_is_chosen() {
    for (eight, chosen) in [(0.5, Slice::EightRows), (0.99, Slice::FourRows), (2.0, Slice::FourRows)] {
        let _turn = with_slice(Slice::FourRows);
        let time = std::cell::Cell::new(0.0);
        let clock = || {
            // It is read before and after each trial and advances at each reading, by the slice being timed.
            time.set(time.get() + if slice() == Slice::EightRows { eight } else { 1.0 });
            time.get()
        };
        assert_eq!(choose_slice(clock), chosen);
        assert_eq!(slice(), chosen);
    }
}

/// Prints the speed of our kernel and of tract's, in 10⁹ multiplications a second; `make kernel` shows it.
#[cfg(target_arch = "wasm32")]
#[test]
fn rates() {
    let (m, k, n) = (128, 288, 784);
    let tracts = tract_linalg::wasm::wasm_f32_8x8.mmm();
    let ours = matmul();
    let prepared = [("tract's", tracts), ("ours", ours)].map(|(name, kernel)| {
        let (pack_a, pack_b) = &kernel.packings()[0];
        let a = pack_a.prepare_one(&Tensor::zero::<f32>(&[m, k]).unwrap(), 1, 0).unwrap();
        let b = pack_b.prepare_one(&Tensor::zero::<f32>(&[k, n]).unwrap(), 0, 1).unwrap();
        (name, kernel, a, b)
    });
    let mut best = [0f64; 2];
    // In turns. During the first rounds the browser still optimises them.
    for _ in 0..40 {
        for ((_, kernel, a, b), best) in prepared.iter().zip(&mut best) {
            let out = Matrix::new(Layout::RowsContiguous, m, n, &[]);
            let store = unsafe { kernel.c_view(Some(0), Some(1)).wrap(&out.tensor.view()) };
            let (a, b) = (AsInputValue::Borrowed(&**a), AsInputValue::Borrowed(&**b));
            let product = FusedSpec::AddMatMul { a, b, packing: 0 };
            let start = js_sys::Date::now();
            for _ in 0..20 {
                unsafe { kernel.run(m, n, &[product.clone(), FusedSpec::Store(store)]) }.unwrap();
            }
            *best = best.max((20 * m * k * n) as f64 / 1e6 / (js_sys::Date::now() - start).max(1.0));
        }
    }
    for ((name, ..), rate) in prepared.iter().zip(best) {
        wasm_bindgen_test::console_log!("{name}: {rate:.1}");
    }
    assert!(best[1] > 0.0);
}

#[cfg(target_arch = "wasm32")]
#[test]
fn tract_runs_it_for_matrices_of_floats() {
    use tract_data::prelude::DatumType;
    clothing_kernel::install();
    let dispatch = tract_linalg::MmmDispatch::native();
    let name = |n| {
        let kernel = dispatch.preferred_kernel(DatumType::F32, Some(128), Some(64), Some(n));
        kernel.expect("a kernel").name().to_string()
    };
    assert_eq!(name(3136), matmul().name());
    assert_ne!(name(1), matmul().name());
}

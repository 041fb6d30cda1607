"""Preprocessing: orientation, unusual encodings, fitting into a square. Needs only NumPy and Pillow."""
import io
import pathlib

import numpy as np
import pytest
from PIL import Image

from clothing_model import picture
from clothing_model.errors import PipelineError
from clothing_model.picture import Preprocessing

FIXTURES = pathlib.Path(__file__).parents[2] / "tests" / "fixtures" / "avif"


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_each_orientation_is_applied_once():
    upright = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10
    stored = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.swapaxes(0, 1),
              6: np.rot90(upright), 7: np.rot90(upright[:, ::-1], -1), 8: np.rot90(upright, -1)}
    for orientation, pixels in stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        read = picture.read(encoded(Image.fromarray(np.ascontiguousarray(pixels)), "PNG", exif=exif))
        assert np.array_equal(read, upright), orientation


def test_avif_is_read_with_its_orientation():
    upright = picture.read(FIXTURES / "8-444-full-2.avif")
    assert upright.shape == (47, 63, 3) and upright[0, 0, 2] > 250 > 5 > upright[0, -1, 2]
    # rotated anticlockwise by a quarter turn, then flipped upside down
    assert np.abs(np.rot90(upright).astype(int)[::-1] - picture.read(FIXTURES / "turned-mirrored.avif")).max() < 8
    alpha, grid = picture.read(FIXTURES / "alpha.avif"), picture.read(FIXTURES / "grid.avif")
    assert alpha[0, 0].tolist() == [255, 255, 255] and grid.shape == (128, 192, 3)


def test_transparency_is_blended_with_white():
    rgba = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [200, 0, 0, 128]]], np.uint8)
    read = picture.read(encoded(Image.fromarray(rgba, "RGBA"), "PNG"))
    assert read.tolist() == [[[200, 0, 0], [255, 255, 255], [227, 127, 127]]]


def test_sixteen_bits_are_scaled_not_clipped():
    grey = np.array([[0, 128, 257 * 100, 65535]], np.uint16)
    read = picture.read(encoded(Image.fromarray(grey), "PNG"))
    assert read[0, :, 0].tolist() == [0, 0, 100, 255]
    assert (read[..., 0] == read[..., 2]).all()


def test_palette_grey_and_first_frame():
    red, blue = (Image.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 0, 255)))
    assert picture.read(encoded(red, "GIF", save_all=True, append_images=[blue]))[0, 0].tolist() == [255, 0, 0]
    assert picture.read(encoded(Image.new("L", (4, 4), 77), "PNG"))[0, 0].tolist() == [77, 77, 77]


def test_border_colour_counts_each_pixel_of_the_ring_once():
    pixels = np.zeros((3, 4, 3), np.uint8)
    pixels[0, 0] = 100  # a corner belongs to two sides, but is only one of ten pixels
    pixels[1, 1:3] = 255  # inside, not counted
    assert picture.border_colour(pixels).tolist() == [10, 10, 10]
    assert picture.border_colour(np.full((1, 1, 3), 9, np.uint8)).tolist() == [9, 9, 9]
    assert picture.border_colour(np.array([[[0, 0, 0], [1, 1, 1]]], np.uint8)).tolist() == [1, 1, 1]  # half rounds up


@pytest.mark.parametrize("width, height, inside", [(200, 100, (6, 58, 19, 45)), (100, 200, (19, 45, 6, 58))])
def test_pad_shows_the_whole_photo_in_the_middle(width, height, inside):
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[:height // 10], pixels[-height // 10:], pixels[:, :width // 10], pixels[:, -width // 10:] = 0, 0, 0, 0
    white = Preprocessing(size=64).square(pixels)[..., 0] > 75
    left, right, top, bottom = inside
    assert white[top:bottom, left:right].all()
    assert white.sum() == (bottom - top) * (right - left)


@pytest.mark.parametrize("width, height", [(1000, 1), (1, 1000), (1, 1), (3, 2), (64, 64)])
def test_a_photo_of_one_colour_becomes_a_square_of_that_colour(width, height):
    square = Preprocessing(size=64).square(np.full((height, width, 3), (200, 10, 90), np.uint8))
    assert square.shape == (64, 64, 3) and (square == [200, 10, 90]).all()


def test_crop_and_stretch():
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, 100:200] = 255
    assert (Preprocessing(size=50, fit="crop").square(pixels) > 250).mean() > 0.95
    assert Preprocessing(size=50, fit="stretch").square(pixels).shape == (50, 50, 3)
    with pytest.raises(PipelineError):
        Preprocessing(fit="squeeze")


def test_normalise():
    values = Preprocessing(size=1).normalise(np.array([[[0, 127.5, 255]]]).astype(np.float32))
    assert values.shape == (3, 1, 1) and np.allclose(values.ravel(), [-1, 0, 1])


def test_metadata_round_trip():
    given = Preprocessing(192, "crop", "lanczos", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert Preprocessing.from_metadata(given.metadata()) == given


@pytest.mark.parametrize("content", [b"", b"no picture", encoded(Image.effect_noise((90, 90), 50), "JPEG")[:900]])
def test_broken_pictures_are_reported(content, tmp_path):
    file = tmp_path / "holiday.jpg"
    file.write_bytes(content)
    with pytest.raises(PipelineError, match="holiday.jpg"):
        picture.read(file)

"""Views of photos, their cache, and training the later stages on them."""
import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")
pytest.importorskip("sklearn", reason="the teachers need the extra 'compare'")
import timm  # noqa: E402

from clothing_model import cli  # noqa: E402
from clothing_model.errors import PipelineError  # noqa: E402
from clothing_model.train import refining  # noqa: E402
from clothing_model.train.network import Classifier  # noqa: E402
from clothing_model.train.run import Run  # noqa: E402
from clothing_model.train.settings import Settings  # noqa: E402
from clothing_model.train.views import SIDE, CachedViews, SquarePhotos, ViewSampler  # noqa: E402

BACKBONE = "test_efficientnet"
COLOURS = {"jeans": (40, 70, 160), "socks": (200, 60, 50), "not-clothing": (70, 160, 60)}


def shop_picture() -> np.ndarray:
    """A blue square in the middle of a white photo that is twice as wide as high."""
    pixels = np.full((200, 400, 3), 250, np.uint8)
    pixels[50:150, 150:250] = (30, 60, 200)
    return pixels


@pytest.fixture(scope="module")
def kinds():
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 90, (150, 150, 3), np.uint8)
    return SquarePhotos.of([shop_picture(), scene], [True, False])


def test_squares_have_the_photos_shape_and_the_garments_mask(kinds):
    assert kinds.squares.shape == (2, 4, SIDE, SIDE)
    assert kinds.aspect.tolist() == [2, 1] and kinds.cut.tolist() == [True, False]
    mask = kinds.squares[0, 3] / 255
    assert mask.mean() == pytest.approx(100 * 100 / (400 * 200), abs=0.02)
    assert (kinds.squares[1, 3] == 255).all()


@pytest.mark.parametrize("strong", [False, True])
def test_views_differ_but_are_reproducible_by_seed(kinds, strong):
    indices = np.zeros(16, int)
    views = ViewSampler(kinds, 5)(indices, 96, strong)
    assert views.shape == (16, 3, 96, 96) and 0 <= views.min() and views.max() <= 1
    assert torch.equal(views, ViewSampler(kinds, 5)(indices, 96, strong))
    assert (views[0] - views[1]).abs().mean() > 0.005


def test_weak_augmentation_keeps_shape_and_background_and_strong_does_not(kinds):
    def blue(view):
        return view[2] - view[0] > 0.2

    weak = [blue(view) for view in ViewSampler(kinds, 1)(np.zeros(64, int), 96, strong=False)]
    sides = [(int(mask.any(0).sum()), int(mask.any(1).sum())) for mask in weak if mask.any()]
    assert len(sides) == 64
    assert np.median([width / height for width, height in sides]) == pytest.approx(1, abs=0.1), "a square stays a square"
    corners = {strong: [view[:, :4, :4].mean() for view in ViewSampler(kinds, 2)(np.zeros(64, int), 96, strong)]
               for strong in (False, True)}
    assert min(corners[False]) > 0.6
    assert np.mean(np.array(corners[True]) < 0.5) > 0.3, "it often has another background"


def test_cached_outputs_equal_the_computed_ones_but_for_rounding(kinds, tmp_path):
    torch.manual_seed(0)
    early = torch.nn.Conv2d(3, 8, 3, stride=4)
    indices = np.array([0, 1, 0])
    views = ViewSampler(kinds, 3)(indices, 64, strong=False)
    kept = CachedViews(tmp_path)
    kept.add(0, indices, lambda _: views, early)
    kept.add(1, indices[:1], lambda _: views[:1] / 2, early)
    assert kept.photo.tolist() == [0, 1, 0, 0]
    with torch.inference_mode():
        assert (kept[np.array([1])] - early(views[1:2])).abs().max() <= kept.scale.max()
        assert (kept[np.array([3])] - early(views[:1] / 2)).abs().max() <= kept.scale.max()
    again = CachedViews(tmp_path)
    again.add(0, indices, lambda _: pytest.fail("it is cached"), early)
    assert torch.equal(again[np.array([0, 2])], kept[np.array([0, 2])])


def middle_and_width(view):
    """The middle and the width of the blue area, as shares of the view's side; None if hardly anything is blue."""
    places = (view[2] - view[0] > 0.2).nonzero().float() / view.shape[1]
    return (places.mean(0), float(places[:, 1].max() - places[:, 1].min())) if len(places) > 12 else None


def test_some_strongly_augmented_views_show_the_photo_small_and_anywhere(kinds):
    seen = [middle_and_width(view) for view in ViewSampler(kinds, 4)(np.zeros(400, int), 96, strong=True)]
    small = [middle for middle, width in filter(None, seen) if width < 0.15]
    assert 0.08 < len(small) / 400 < 0.3, "about a fifth of the views; in these the square, a quarter of the photo's width, is narrow"
    places = torch.stack(small)
    assert (places.amin(0) < 0.25).all() and (places.amax(0) > 0.75).all()


@pytest.mark.parametrize("strong, least, most", [(False, 0.1, 0.3), (True, 0.25, 0.5)])
def test_views_are_rotated_by_quarter_turns_as_often_as_configured(strong, least, most):
    pixels = np.full((200, 400, 3), 250, np.uint8)
    pixels[90:110, 100:300] = (30, 60, 200)  # ten times as wide as high
    lying = SquarePhotos.of([pixels], [True])
    upright = count = 0
    for view in ViewSampler(lying, 6)(np.zeros(300, int), 96, strong):
        places = (view[2] - view[0] > 0.2).nonzero().float()
        if len(places) > 12:
            count += 1
            upright += bool(places[:, 0].std() > places[:, 1].std())
    assert least * 2 / 3 < upright / count < most * 2 / 3, "two of the three quarter turns set it upright"


def test_each_source_is_in_one_fold_and_photos_of_unknown_sources_in_any():
    sources = ["a", "a", "b", "", "c", "", "b", ""]
    folds = refining.folds_of(sources, 3, 1)
    assert folds[0] == folds[1] and folds[2] == folds[6]
    assert set(folds.tolist()) == {0, 1, 2}
    assert folds.tolist() == refining.folds_of(sources, 3, 1).tolist()
    with pytest.raises(PipelineError, match="2 sources: too few"):
        refining.folds_of(["a", "b", "a"], 3, 1)


def test_photos_of_small_labels_and_sources_are_drawn_more_often():
    targets, sources = np.array([0, 0, 0, 0, 1]), ["a", "a", "a", "b", "c"]
    weights = refining.sampling_weights(targets, sources, 0.5)
    assert weights.sum() == pytest.approx(1)
    assert weights[4] > weights[3] > weights[0]
    assert refining.sampling_weights(targets, sources, 0).tolist() == [0.2] * 5


def test_the_bias_is_in_the_middle_of_the_best_range():
    logits = np.array([[1.0, 0.0], [0.0, -0.5], [0.0, 0.9]])  # all are right for biases from +0.5 to +1
    assert refining.best_bias(logits, np.array([0, 1, 1]), np.array([False, True])) == pytest.approx(0.8, abs=0.1)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("refined") / "photos", np.random.default_rng(0)
    rows = ["split,label,file,source"]
    for split, count in (("train", 20), ("val", 6)):
        for label, colour in COLOURS.items():
            folder = root / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = np.array(colour) * rng.uniform(0.7, 1.2) + rng.normal(0, 25, (80, 60, 3))
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{i}.jpg")
                rows.append(f"{split},{label},{i}.jpg,shop {i % 7}")
    (root / "manifest.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "body.pt"
    torch.save(timm.create_model(BACKBONE, pretrained=False).state_dict(), file)
    return file


def refine(photos, weights, folder, *more):
    cli.main(["refine", "--data", str(photos), "--backbone", BACKBONE, "--weights", str(weights), "--run", str(folder),
              "--cache", str(folder / "features"), "--rounds", "2", "--views", "5000", "--side", "64", "--rate", "3e-3",
              *map(str, more)])


def test_later_stages_learn_and_early_ones_are_frozen(photos, weights, tmp_path, capsys):
    refine(photos, weights, tmp_path, "--mix", 1)
    run = Run.load(tmp_path)
    given, trained = torch.load(weights, weights_only=True), run.state["average"]
    early = ("conv_stem", "bn1", "blocks.0", "blocks.1", "blocks.2")
    for key, value in given.items():
        if value.is_floating_point() and f"body.{key}" in trained:
            assert torch.equal(trained[f"body.{key}"], value) == key.startswith(early), key
    assert "the teachers agree with" in capsys.readouterr().out
    onnx = tmp_path / "refined.onnx"
    cli.main(["calibrate", "--run", str(tmp_path)])
    cli.main(["export", "--run", str(tmp_path), "--onnx", str(onnx), "--version", "1"])
    cli.main(["evaluate", "--onnx", str(onnx), "--data", str(photos), "--split", "val", "--out", str(tmp_path)])
    assert '"top1": 1.0' in capsys.readouterr().out
    with pytest.raises(SystemExit, match="a run already exists"):
        refine(photos, weights, tmp_path)


def test_with_mix_zero_only_the_head_changes(photos, weights, tmp_path):
    refine(photos, weights, tmp_path, "--mix", 0, "--views", 64)
    given, trained = torch.load(weights, weights_only=True), Run.load(tmp_path).state["average"]
    assert all(torch.equal(trained[f"body.{key}"], value) for key, value in given.items()
               if f"body.{key}" in trained and value.is_floating_point())
    assert trained["head.weight"].abs().max() > 0.1


def test_only_later_stages_depend_on_the_folds(photos, weights, tmp_path):
    runs = {}
    for folds in (1, 2):
        refine(photos, weights, tmp_path / str(folds), "--folds", folds, "--views", 256)
        runs[folds] = Run.load(tmp_path / str(folds)).state["average"]
    changed = [key for key, value in runs[1].items() if value.is_floating_point() and not torch.equal(value, runs[2][key])]
    assert changed and all(key.startswith(("body.blocks.3", "body.blocks.4", "body.blocks.5", "body.conv_head", "body.bn2", "head"))
                           for key in changed)


def test_each_network_is_trained_without_its_fold_and_all_count_equally(photos, weights, tmp_path, monkeypatch):
    drawn = []

    def train_later(network, cached, soft, weights, plan):
        network.head.weight.data.fill_(3.0 * len(drawn))
        drawn.append(weights)

    monkeypatch.setattr(refining, "train_later", train_later)
    refine(photos, weights, tmp_path)
    assert torch.allclose(Run.load(tmp_path).state["average"]["head.weight"], torch.tensor(3.0)), "the mean of 0, 3 and 6"
    left_out = np.array(drawn) == 0
    assert (left_out.sum(0) == 1).all() and left_out.any(1).all(), "each photo is left out by one network"


def test_weights_with_other_names_are_matched_by_order(weights, tmp_path):
    named = torch.load(weights, weights_only=True)
    other = {f"layer{i}.{'weight' if value.ndim > 1 else 'vector'}": value for i, (key, value) in enumerate(named.items())
             if not key.endswith("num_batches_tracked")}
    torch.save(other, tmp_path / "other.pt")
    loaded = Classifier(BACKBONE, 3, tmp_path / "other.pt").body.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in named.items() if key in loaded)
    other.pop("layer0.weight")
    torch.save(other, tmp_path / "less.pt")
    with pytest.raises(PipelineError, match="no 'conv_stem.weight' that fits"):
        Classifier(BACKBONE, 3, tmp_path / "less.pt")


def test_networks_of_other_families_are_refused(photos, tmp_path):
    torch.manual_seed(0)
    file = tmp_path / "other.pt"
    torch.save(timm.create_model("test_resnet", pretrained=False).state_dict(), file)
    settings = Settings(data=(str(photos),), backbone="test_resnet", weights=str(file))
    with pytest.raises(PipelineError, match="not of the EfficientNet family"):
        refining.refine(settings, refining.Plan(), tmp_path / "run", [], {}, tmp_path)

import pickle
import random
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from gancourse.base import check
from gancourse.models import stylegan2
from gancourse.models.layers import resample
from gancourse.zoo import reference
from tests import golden_outputs

CASES = ["sg2_G_skip", "sg2_G_orig", "pganzoo_G_a0", "r3gan_G_cNone"]


def test_samples_that_do_not_fit_are_refused_after_the_first_part(monkeypatch):
    network = stylegan2.Generator(16, 8, w_dim=8, mapping_layers=2, channel_base=64, channel_max=8).eval()
    sizes = []
    network.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    monkeypatch.setattr(check, "machine_memory", lambda: 2**17)
    with pytest.raises(ValueError, match="samples of 40 x 3 x 16 x 16 would take .* ask for less"):
        reference.Reference("stylegan2", network, {}).sample(40)
    assert sizes == [16]


def golden_state(name):
    case = golden_outputs.golden(name)
    kept = {key: resample.filter2d() if len(shape) == 2 else torch.zeros(shape) for key, (shape, *_) in case["fill"].items()}
    return case, golden_outputs.filled_state(case, kept)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_a_saved_state_dict_is_recognised_and_computes_what_it_did(name, ending, tmp_path):
    case, state = golden_state(name)
    path = tmp_path / f"weights.{ending}"
    if ending == "pt":
        torch.save(state, path)
    else:
        save_file({key: value.contiguous() for key, value in state.items()}, path)
    loaded = reference.load(path)
    parallel = tmp_path / "parallel.pt"
    torch.save({"g_ema": {f"module.{key}": value for key, value in state.items()}}, parallel)
    assert torch.equal(reference.load(parallel).sample(2, seed=3), loaded.sample(2, seed=3))
    assert loaded.family == {"sg2": "stylegan2", "pga": "progan", "r3g": "r3gan"}[name[:3]]
    assert not loaded.network.training
    golden_outputs.assert_matches(case, loaded.network(golden_outputs.inputs(case)["z"]))
    assert loaded.family in repr(loaded)
    images = loaded.sample(3, seed=1, batch=2)
    assert images.shape == (3, *case["outputs"][0]["shape"][1:])
    assert torch.equal(images, loaded.sample(3, seed=1, batch=2))
    assert not torch.allclose(images, loaded.sample(3, seed=2))


def test_biggan_is_recognised(tmp_path):
    case = golden_outputs.golden("biggan_G_c10style")
    state = {key: 0.1 * torch.rand(shape) + 0.5 for key, (shape, *_) in case["fill"].items()}
    torch.save({f"module.{key}": value for key, value in state.items()}, tmp_path / "G_ema.pth")
    loaded = reference.load(tmp_path / "G_ema.pth")
    assert (loaded.family, loaded.classes) == ("biggan", 6)
    images = loaded.sample(7)
    assert images.shape == (7, 3, 32, 32)
    assert torch.allclose(images[:1], loaded.sample(1, labels=torch.tensor([0])), atol=1e-5)


def test_files_with_several_state_dicts(tmp_path):
    case, state = golden_state("r3gan_G_cNone")
    path = tmp_path / "checkpoint.pt"
    torch.save({"g": {"x": torch.zeros(1)}, "g_ema": state, "d": {"y": torch.ones(1)}, "step": 7}, path)
    assert reference.read_state_dict(path).keys() == state.keys()
    assert reference.read_state_dict(path, part="d") == {"y": torch.ones(1)}
    assert reference.load(path).sample(1).shape == (1, 3, 16, 16)
    with pytest.raises(ValueError, match="choose from 'g', 'g_ema', 'd'"):
        reference.read_state_dict(path, part="discriminator")


def test_truncation_reaches_the_network(tmp_path):
    _, state = golden_state("sg2_G_skip")
    torch.save(state, tmp_path / "w.pt")
    loaded = reference.load(tmp_path / "w.pt")
    same = loaded.sample(2, truncation=0.0)
    assert torch.allclose(same[0], same[1])


class Bomb:
    def __reduce__(self):
        return (print, ("this must not run",))


def test_files_that_would_run_code_are_refused(tmp_path, capsys):
    for name, write in (("bomb.pt", torch.save), ("bomb.pkl", lambda value, path: path.write_bytes(pickle.dumps(value)))):
        write({"weights": Bomb()}, tmp_path / name)
        with pytest.raises(ValueError, match="run code when they are read"):
            reference.load(tmp_path / name)
    assert "must not run" not in capsys.readouterr().out


def test_bad_files_name_the_fix(tmp_path):
    with pytest.raises(FileNotFoundError, match="downloaded"):
        reference.load(tmp_path / "missing.pt")
    torch.save({"a.weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="of no generator that is known"):
        reference.load(tmp_path / "other.pt")
    with pytest.raises(ValueError, match="no AggregationLayer"):
        reference.load(tmp_path / "other.pt", family="r3gan")
    with pytest.raises(ValueError, match="did you mean 'r3gan'"):
        reference.load(tmp_path / "other.pt", family="r3")
    (tmp_path / "half.safetensors").write_bytes(b"12345")
    with pytest.raises(ValueError, match="download it again"):
        reference.load(tmp_path / "half.safetensors")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(ValueError, match="holds a list"):
        reference.load(tmp_path / "list.pt")
    torch.save({"deep": {"deeper": {"a": torch.zeros(1)}}}, tmp_path / "deep.pt")
    with pytest.raises(ValueError, match="pass part="):
        reference.load(tmp_path / "deep.pt")


def test_conditional_sampling(tmp_path):
    from gancourse.models import r3gan

    torch.manual_seed(0)
    network = r3gan.Generator((8, 8), (2, 2), latent_dim=4, label_dim=3)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    loaded = reference.Reference("r3gan", network.eval(), {"label_dim": 3})
    assert torch.equal(loaded.sample(4), loaded.sample(4, labels=torch.tensor([0, 1, 2, 0])))
    assert not torch.allclose(loaded.sample(4), loaded.sample(4, labels=torch.zeros(4, dtype=torch.int64)))
    with pytest.raises(ValueError, match="4 images need 4 labels, not 2"):
        loaded.sample(4, labels=torch.zeros(2, dtype=torch.int64))
    plain = reference.Reference("r3gan", r3gan.Generator((8, 8), (2, 2)), {})
    with pytest.raises(ValueError, match="not conditional"):
        plain.sample(2, labels=torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize("average", ["avgG", "g_ema", "G_avg", "netG_ema"])
def test_the_average_is_taken_where_a_file_has_one(average, tmp_path):
    """facebookresearch/pytorch_GAN_zoo keeps netG, netD and avgG, the last being the average that its samples come from."""
    case, state = golden_state("pganzoo_G_a0")
    other = {key: torch.zeros_like(value) for key, value in state.items()}
    torch.save({"netG": other, "netD": {"x": torch.zeros(1)}, average: state}, tmp_path / "w.pt")
    assert all(torch.equal(value, state[key]) for key, value in reference.read_state_dict(tmp_path / "w.pt").items())
    golden_outputs.assert_matches(case, reference.load(tmp_path / "w.pt").network(golden_outputs.inputs(case)["z"]))


def test_an_average_of_an_unknown_name_is_pointed_out(tmp_path):
    state = {"x": torch.zeros(1)}
    torch.save({"netG": state, "shadow_EMA_params": state, "d_ema": state}, tmp_path / "w.pt")
    with pytest.warns(UserWarning, match="'netG' is taken, and 'shadow_EMA_params' may be its average"):
        reference.read_state_dict(tmp_path / "w.pt")


def test_a_missing_mean_of_w_is_estimated(tmp_path):
    """rosinality's training files keep no latent_avg: its programs estimate the mean, and truncation needs it."""
    torch.manual_seed(0)
    network = stylegan2.Generator(16, 8, w_dim=12, mapping_layers=2, channel_base=256, channel_max=16)
    for parameter in network.mapping.parameters():
        torch.nn.init.normal_(parameter, 0.3, 1.0)
    stylegan2.measure_average(network)
    z = torch.randn(50_000, 8, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        w = network.mapping(z)
    assert (network.mapping.average - w.mean(0)).norm() < 0.1 * w.std(0).norm()
    assert network.mapping.average.norm() > 0.3 * w.std(0).norm()  # far from the zero that stood there


CONTENTS = {
    "a web page": b"<!DOCTYPE html><html><body>Sign in to continue</body></html>",
    "empty": b"",
    "git-lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "a JSON text": b'{"error": "not found"}',
    "a gzip archive": b"\x1f\x8b\x08\0" + bytes(60),
    "a file of zeros": bytes(4096),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(60),
    "a zip archive of which a part is missing": b"PK\3\4" + bytes(range(200)),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(60),
}


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_file_that_holds_no_weights_is_called_what_it_is(kind, ending, tmp_path):
    path = tmp_path / f"weights.{ending}"
    path.write_bytes(CONTENTS[kind])
    with pytest.raises(ValueError, match=f"weights.{ending} holds no weights, it is {kind}|it is .*{kind}"):
        reference.read_state_dict(path)


def test_a_zip_of_other_things_and_a_wrong_ending(tmp_path):
    with zipfile.ZipFile(tmp_path / "weights.pt", "w") as archive:
        archive.writestr("readme.txt", "weights.pt is in the other folder")
    with pytest.raises(ValueError, match="it is a zip archive"):
        reference.read(tmp_path / "weights.pt")
    torch.save({"a": torch.ones(2)}, tmp_path / "a.safetensors")
    save_file({"a": torch.ones(2)}, tmp_path / "b.pt")
    for name in ("a.safetensors", "b.pt"):
        assert torch.equal(reference.read_state_dict(tmp_path / name)["a"], torch.ones(2))
    torch.save({"a": torch.ones(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert torch.equal(reference.read_state_dict(tmp_path / "old.pt")["a"], torch.ones(2))


@pytest.mark.parametrize("form", ["pt", "old.pt", "safetensors"])
def test_damage_anywhere_gives_a_sentence_or_the_tensors(form, tmp_path):
    whole, path = tmp_path / f"whole.{form}", tmp_path / f"damaged.{form}"
    state = {"layer.weight": torch.arange(64.0).reshape(8, 8), "layer.bias": torch.zeros(8)}
    if form == "safetensors":
        save_file(state, whole)
    else:
        torch.save(state, whole, _use_new_zipfile_serialization=form == "pt")
    content = whole.read_bytes()
    source = random.Random(0)
    for _ in range(60):
        changed = bytearray(content)
        if source.random() < 0.5:
            changed = changed[: source.randrange(len(changed))]
        else:
            for _ in range(source.choice((1, 30))):
                changed[source.randrange(len(changed))] = source.randrange(256)
        path.write_bytes(changed)
        try:
            reference.read_state_dict(path)
        except ValueError as error:
            assert path.name in str(error)

import pickle

import pytest
import torch
from safetensors.torch import save_file

from gancourse.models.layers import resample
from gancourse.zoo import reference
from tests import golden_outputs

CASES = ["sg2_G_skip", "sg2_G_orig", "pganzoo_G_a0", "r3gan_G_cNone"]


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

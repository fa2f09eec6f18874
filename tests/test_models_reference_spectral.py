import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from gancourse.models.layers import spectral
from gancourse.models.reference import spectral as reference


@pytest.mark.parametrize("hook", ["weight_orig", "parametrization"])
def test_torchs_state_dicts_load(hook):
    from torch.nn.utils import spectral_norm as old_style

    torch.manual_seed(3)
    make = old_style if hook == "weight_orig" else parametrizations.spectral_norm
    theirs = nn.Sequential(make(nn.Conv2d(2, 4, 3)), nn.ReLU(), make(nn.Linear(5, 3)))
    for _ in range(20):
        theirs[0](torch.zeros(1, 2, 4, 4)), theirs[2](torch.zeros(1, 5))
    ours = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Linear(5, 3))
    reference.load_reference(spectral.normalise(ours), theirs.state_dict())
    ours.eval(), theirs.eval()
    x, y = torch.randn(2, 2, 6, 6), torch.randn(2, 5)
    assert torch.allclose(ours[0](x), theirs[0](x), atol=1e-6)
    assert torch.allclose(ours[2](y), theirs[2](y), atol=1e-6)

"""A LightningModule whose training step is a spec's loss.

    pip install 'cldsl[lightning]'
    python examples/lightning_module.py --epochs 2

`Contrastive` takes any encoder of images; the objective, its learned tensors and its states come from the spec.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import cldsl

try:
    import lightning
except ModuleNotFoundError:
    sys.exit("this example needs the package lightning: pip install 'cldsl[lightning]'")

SPEC = Path(__file__).parent.parent / "specs" / "dcl.cl"


class Contrastive(lightning.LightningModule):  # type: ignore[misc]  # lightning may be absent
    """Two noisy views of each image, encoded, under the spec's objective."""

    def __init__(self, encoder: nn.Module, rate: float = 2e-3, **params: Any) -> None:
        """encoder: [row, channel, y, x] to [row, dim]. params: of the spec, by name."""
        super().__init__()
        self.encoder, self.rate = encoder, rate
        self.program = cldsl.compile(SPEC, set=params)

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        """The loss of a batch of images [item, channel, y, x]."""
        (images,) = batch
        views = [self.encoder(images + 0.1 * torch.randn_like(images)) for _ in range(2)]
        z = nn.functional.normalize(torch.stack(views, 1), dim=-1)  # [item, v, dim]
        loss: Tensor = self.program.loss(z=z)
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam on the encoder."""
        return torch.optim.Adam(self.parameters(), lr=self.rate)


def main() -> None:
    """Train on scikit-learn's digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    epochs = parser.parse_args().epochs
    images = torch.from_numpy(load_digits().images).float()[:, None] / 16
    encoder = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 64, 32))
    loader = DataLoader(TensorDataset(images), batch_size=64, shuffle=True, drop_last=True)
    trainer = lightning.Trainer(max_epochs=epochs, logger=False, enable_checkpointing=False)
    trainer.fit(Contrastive(encoder, tau=0.2), loader)


if __name__ == "__main__":
    main()

"""A loss from a spec in one's own PyTorch loop: own data, own encoder, own optimiser.

    python examples/own_loop.py --epochs 5

The spec gives the objective and nothing else. `program.criterion` is the same for a loss that has parameters of its
own; `program.module()` is the whole method, with the encoders that the spec declares: `whole_method` trains that.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor, nn

import cldsl

SPEC = Path(__file__).parent.parent / "specs" / "dcl.cl"


class Net(nn.Module):
    """Images [row, channel, y, x] of 8 x 8 pixels; `trunk` gives features, the call gives unit rows [row, dim]."""

    def __init__(self, width: int = 32, dim: int = 32) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
        )
        self.head = nn.Sequential(nn.Linear(width * 16, 64), nn.ReLU(), nn.Linear(64, dim))

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.normalize(self.head(self.trunk(images)), dim=-1)


def view(images: Tensor, chance: torch.Generator) -> Tensor:
    """Each image [row, channel, y, x] moved by up to a pixel in both directions, with noise."""
    by = torch.randint(0, 3, (len(images),), generator=chance)
    moved = torch.stack([torch.roll(images, (y - 1, x - 1), (2, 3)) for y in range(3) for x in range(3)])
    across = torch.randint(0, 3, (len(images),), generator=chance)
    chosen = moved[3 * by + across, torch.arange(len(images))]
    return chosen + 0.15 * torch.randn(images.shape, generator=chance)


def train(images: Tensor, epochs: int, batch: int = 64, seed: int = 0) -> tuple[Net, list[float]]:
    """The trained net and the loss of each epoch. images: [row, channel, y, x]."""
    torch.manual_seed(seed)
    chance = torch.Generator().manual_seed(seed)
    program = cldsl.compile(SPEC, set={"tau": 0.2})
    net = Net()
    adam = torch.optim.Adam(net.parameters(), lr=2e-3)
    losses = []
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=chance)
        total = 0.0
        batches = [order[start : start + batch] for start in range(0, len(order) - batch + 1, batch)]
        for rows in batches:
            views = [net(view(images[rows], chance)) for _ in range(2)]
            loss = program.loss(z=torch.stack(views, 1))  # [item, v, dim], as the spec's z
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += float(loss.detach())
        losses.append(total / len(batches))
    return net, losses


def knn_accuracy(net: Net, images: Tensor, labels: Tensor, held_out: int = 360) -> float:
    """Accuracy of five nearest neighbours for the last rows, among the others."""
    with torch.no_grad():
        features = net.eval().trunk(images).numpy()
    voters = KNeighborsClassifier(5).fit(features[:-held_out], labels[:-held_out])
    return float(voters.score(features[-held_out:], labels[-held_out:]))


def whole_method(steps: int = 3, seed: int = 0) -> float:
    """The spec's own views, encoders and objective, stepped by hand; the last loss."""
    program = cldsl.compile(SPEC, set={"pixels": 8}, data={"photos": "digits-8x8"})
    module = program.module(seed)
    sgd = torch.optim.SGD(module.parameters(), lr=0.1)
    images = torch.from_numpy(load_digits().images).float()[:, None] / 16
    chance = torch.Generator().manual_seed(seed)
    loss = torch.zeros(())
    for step in range(steps):
        rows = images[32 * step : 32 * step + 32]
        x = torch.stack([view(rows, chance), view(rows, chance)], 1)  # [item, v, channel, row, column]
        loss = program.loss(module=module, x=x)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    return float(loss.detach())


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    epochs = parser.parse_args().epochs
    digits = load_digits()
    images = torch.from_numpy(digits.images).float()[:, None] / 16
    labels = torch.from_numpy(digits.target)
    print(f"knn before {knn_accuracy(Net(), images, labels):.4f}")
    net, losses = train(images[:-360], epochs)
    for epoch, loss in enumerate(losses, 1):
        print(f"epoch {epoch}  loss {loss:.4f}")
    print(f"knn after {knn_accuracy(net, images, labels):.4f}")
    print(f"the whole method, three steps: loss {whole_method():.4f}")


if __name__ == "__main__":
    main()

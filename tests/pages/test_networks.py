"""The networks as the browser evaluates them, beside PyTorch."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from core.alignment import Aligner
from core.generation import Discriminator, Generator
from core.networks import Network
from core.projection import Projector
from core.runs.portable import portable_networks
from dashboard.components import SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Page

INPUTS = 1000
DIM, NOISE, CODES = 24, 12, 5
CLASSES = ["angry", "happy", "sad"]

EVALUATE = """async ([script, bytes, inputs]) => {
    const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const networks = module.readNetworks(module.readTensors(decode(bytes)));
    const given = {};
    for (const [name, { rows, values }] of Object.entries(inputs)) {
        const made = networks[name].run(new Float32Array(decode(values).buffer), rows);
        let text = "";
        for (const byte of new Uint8Array(made.slice().buffer)) text += String.fromCharCode(byte);
        given[name] = btoa(text);
    }
    return given;
}"""


def networks(mode: str, *, base: bool, coded: bool) -> dict[str, Network]:
    """Networks with random weights, as after some training."""
    torch.manual_seed(3)
    shape = {"dim": DIM, "classes": len(CLASSES), "codes": CODES, "hidden": 40}
    kind = {"text": mode == "text", "paired": mode == "paired"}
    generator = Generator(noise=NOISE, **shape, **kind, base=base, coded=coded)
    if base:
        wide = 2 * DIM if mode == "paired" else DIM
        generator.begin_at(torch.randn(len(CLASSES), wide), torch.randn(NOISE, wide), torch.randn(CODES, wide))
    projector = Projector(dim=DIM, hidden=16)
    projector.place(torch.randn(50, 2) * 7 + 3)
    aligner = Aligner(
        audio=30, text=20, classes=CLASSES, dim=DIM, hidden=0, dropout=0.1, temperature=0.1, shrinkage=0.5
    )
    discriminator = Discriminator(**shape, **kind)
    made = {"aligner": aligner, "generator": generator, "discriminator": discriminator, "projector": projector}
    return {name: network.eval() for name, network in made.items()}


@pytest.mark.browser
@pytest.mark.parametrize(
    ("mode", "base", "coded"),
    [("text", True, True), ("paired", True, True), ("free", True, False), ("text", False, False)],
)
def test_every_network_gives_what_torch_gives(page: Page, mode: str, base: bool, coded: bool) -> None:
    made = networks(mode, base=base, coded=coded)
    tensors, layers = portable_networks(made)
    bytes_ = save(tensors, metadata={"layers": layers})
    z, u = torch.randn(INPUTS, NOISE), 2 * torch.randn(INPUTS, CODES)
    c = torch.distributions.Dirichlet(torch.ones(len(CLASSES))).sample((INPUTS,))
    t = torch.randn(INPUTS, DIM)
    generator, discriminator = made["generator"], made["discriminator"]
    aligner, projector = made["aligner"], made["projector"]
    with torch.no_grad():
        h, pair = generator(z, c, u, t if mode == "text" else None)
        whole = h if pair is None else torch.cat([h, pair], dim=1)
        phi = discriminator.features(h, pair)  # type: ignore[operator]
        expected = {
            "generator": (torch.cat([z, c, u] + [t] * (mode == "text"), dim=1), whole),
            "trunk": (whole, phi),
            "emotion": (phi, discriminator.class_logits(phi)),  # type: ignore[operator]
            "codes": (phi, discriminator.code_moments(phi)[0]),  # type: ignore[operator]
            "classifier": (h, aligner.head_audio(h)),  # type: ignore[operator]
            "projector": (h, projector(h)),
        }
    assert set(expected) == set(json.loads(layers)["networks"])
    inputs = {
        name: {"rows": INPUTS, "values": base64.b64encode(x.contiguous().numpy().tobytes()).decode()}
        for name, (x, _) in expected.items()
    }
    page.goto("about:blank")
    script = SCRIPT.read_text(encoding="utf-8")
    given = page.evaluate(EVALUATE, [script, base64.b64encode(bytes_).decode(), inputs])
    for name, (_, wanted) in expected.items():
        found = np.frombuffer(base64.b64decode(given[name]), dtype=np.float32).reshape(wanted.shape)
        assert np.abs(found - wanted.numpy()).max() <= 1e-4, name

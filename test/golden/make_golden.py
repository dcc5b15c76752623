"""Writes the goldens beside it: GPT-2 by PyTorch's autograd and AdamW in float64, stored as float32.

Weights and tokens come from a formula that golden.ts repeats: u(i, k) mixes 32-bit integers to [-1, 1).
Run with any PyTorch from 1.12 on: python3 make_golden.py
"""

import base64
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
MASK = 0xFFFFFFFF


def mix(i, k):
    x = ((i + 1) * 2654435761 + (k + 1) * 374761393) & MASK
    x ^= x >> 15
    x = (x * 2246822519) & MASK
    x ^= x >> 13
    x = (x * 3266489917) & MASK
    return x ^ (x >> 16)


def table(c):
    C, Ff, V = c["embed"], c["ffn"], c["vocab"]
    rows = [("wte.weight", (V, C)), ("wpe.weight", (c["context"], C))]
    for i in range(c["layers"]):
        h = f"h.{i}."
        rows += [
            (h + "ln_1.weight", (C,)),
            (h + "ln_1.bias", (C,)),
            (h + "attn.c_attn.weight", (C, 3 * C)),
            (h + "attn.c_attn.bias", (3 * C,)),
            (h + "attn.c_proj.weight", (C, C)),
            (h + "attn.c_proj.bias", (C,)),
            (h + "ln_2.weight", (C,)),
            (h + "ln_2.bias", (C,)),
            (h + "mlp.c_fc.weight", (C, Ff)),
            (h + "mlp.c_fc.bias", (Ff,)),
            (h + "mlp.c_proj.weight", (Ff, C)),
            (h + "mlp.c_proj.bias", (C,)),
        ]
    return rows + [("ln_f.weight", (C,)), ("ln_f.bias", (C,))]


def weights(c):
    out = {}
    for k, (name, shape) in enumerate(table(c)):
        u = np.array([mix(i, k) / 2**31 - 1 for i in range(int(np.prod(shape)))])
        if len(shape) == 2:
            values = 0.15 * u
        elif name.endswith("weight"):
            values = 1 + 0.1 * u
        else:
            values = 0.05 * u
        values = values.astype(np.float32).astype(np.float64).reshape(shape)
        out[name] = torch.tensor(values, requires_grad=True)
    return out


def forward(w, c, tokens):
    B, T = tokens.shape
    C, H = c["embed"], c["heads"]
    x = w["wte.weight"][tokens] + w["wpe.weight"][:T]
    mask = torch.ones(T, T).tril().bool()
    for i in range(c["layers"]):
        p = lambda name: w[f"h.{i}.{name}"]
        a = F.layer_norm(x, (C,), p("ln_1.weight"), p("ln_1.bias"), 1e-5)
        q, k, v = (a @ p("attn.c_attn.weight") + p("attn.c_attn.bias")).split(C, dim=2)
        q, k, v = (each.view(B, T, H, C // H).transpose(1, 2) for each in (q, k, v))
        s = (q @ k.transpose(2, 3) / (C // H) ** 0.5).masked_fill(~mask, float("-inf"))
        o = (s.softmax(-1) @ v).transpose(1, 2).reshape(B, T, C)
        x = x + o @ p("attn.c_proj.weight") + p("attn.c_proj.bias")
        m = F.layer_norm(x, (C,), p("ln_2.weight"), p("ln_2.bias"), 1e-5)
        m = F.gelu(m @ p("mlp.c_fc.weight") + p("mlp.c_fc.bias"), approximate="tanh")
        x = x + m @ p("mlp.c_proj.weight") + p("mlp.c_proj.bias")
    return F.layer_norm(x, (C,), w["ln_f.weight"], w["ln_f.bias"], 1e-5) @ w["wte.weight"].T


def packed(tensor):
    return base64.b64encode(tensor.detach().numpy().astype("<f4").tobytes()).decode()


def golden(c):
    w = weights(c)
    ids = [mix(i, 977) % c["vocab"] for i in range(c["B"] * (c["T"] + 1))]
    rows = torch.tensor(ids).view(c["B"], c["T"] + 1)
    decay = [p for p in w.values() if p.dim() >= 2]
    plain = [p for p in w.values() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8)
    result = {"torch": torch.__version__, "shape": c, "steps": []}
    for step in range(10):
        optimizer.zero_grad()
        logits = forward(w, c, rows[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, c["vocab"]), rows[:, 1:].reshape(-1))
        loss.backward()
        if step == 0:
            result["logits"] = packed(logits)
            result["gradients"] = {name: packed(p.grad) for name, p in w.items()}
        norm = torch.nn.utils.clip_grad_norm_(list(w.values()), 1.0)
        result["steps"].append({"loss": loss.item(), "gradNorm": norm.item()})
        optimizer.step()
    return result


SHAPES = {
    "even": dict(layers=2, heads=4, embed=32, ffn=128, context=16, vocab=256, T=16, B=4),
    "odd": dict(layers=3, heads=3, embed=33, ffn=132, context=11, vocab=61, T=7, B=3),
}

if __name__ == "__main__":
    for name, shape in SHAPES.items():
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"gpt2-{name}.json")
        with open(path, "w") as file:
            json.dump(golden(shape), file, indent=1)
            file.write("\n")
        print(path, os.path.getsize(path))

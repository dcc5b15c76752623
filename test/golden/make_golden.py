"""Writes the goldens beside it: GPT-2 and LLaMA by PyTorch's autograd and AdamW in float64, stored as float32.

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


def gpt2_table(c):
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


def llama_table(c):
    C, Ff, V, HS = c["embed"], c["ffn"], c["vocab"], c["headSize"]
    q, kv = c["heads"] * HS, c["kvHeads"] * HS
    rows = [("model.embed_tokens.weight", (V, C))]
    for i in range(c["layers"]):
        h = f"model.layers.{i}."
        rows += [
            (h + "input_layernorm.weight", (C,)),
            (h + "self_attn.q_proj.weight", (q, C)),
            (h + "self_attn.k_proj.weight", (kv, C)),
            (h + "self_attn.v_proj.weight", (kv, C)),
            (h + "self_attn.o_proj.weight", (C, q)),
            (h + "post_attention_layernorm.weight", (C,)),
            (h + "mlp.gate_proj.weight", (Ff, C)),
            (h + "mlp.up_proj.weight", (Ff, C)),
            (h + "mlp.down_proj.weight", (C, Ff)),
        ]
    rows.append(("model.norm.weight", (C,)))
    return rows if c["tied"] else rows + [("lm_head.weight", (V, C))]


def weights(table):
    out = {}
    for k, (name, shape) in enumerate(table):
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


def gpt2_forward(w, c, tokens):
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


def rms_norm(x, weight, c):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["normEpsilon"]) * weight


def rotate_half(x):
    left, right = x.chunk(2, dim=-1)
    return torch.cat((-right, left), dim=-1)


def llama_forward(w, c, tokens):
    B, T = tokens.shape
    H, KV, HS = c["heads"], c["kvHeads"], c["headSize"]
    x = w["model.embed_tokens.weight"][tokens]
    mask = torch.ones(T, T).tril().bool()
    frequency = c["ropeTheta"] ** (-torch.arange(0, HS, 2).double() / HS)
    angle = torch.arange(T).double()[:, None] * frequency
    cosine, sine = (torch.cat((each, each), dim=-1) for each in (angle.cos(), angle.sin()))
    for i in range(c["layers"]):
        p = lambda name: w[f"model.layers.{i}.{name}.weight"]
        a = rms_norm(x, p("input_layernorm"), c)
        q, k, v = (a @ p(f"self_attn.{name}_proj").T for name in "qkv")
        q, k, v = (each.view(B, T, n, HS).transpose(1, 2) for each, n in ((q, H), (k, KV), (v, KV)))
        q, k = (each * cosine + rotate_half(each) * sine for each in (q, k))
        k, v = (each.repeat_interleave(H // KV, dim=1) for each in (k, v))
        s = (q @ k.transpose(2, 3) / HS**0.5).masked_fill(~mask, float("-inf"))
        o = (s.softmax(-1) @ v).transpose(1, 2).reshape(B, T, H * HS)
        x = x + o @ p("self_attn.o_proj").T
        m = rms_norm(x, p("post_attention_layernorm"), c)
        m = F.silu(m @ p("mlp.gate_proj").T) * (m @ p("mlp.up_proj").T)
        x = x + m @ p("mlp.down_proj").T
    head = w["model.embed_tokens.weight" if c["tied"] else "lm_head.weight"]
    return rms_norm(x, w["model.norm.weight"], c) @ head.T


FAMILIES = {"gpt2": (gpt2_table, gpt2_forward), "llama": (llama_table, llama_forward)}


def packed(tensor):
    return base64.b64encode(tensor.detach().numpy().astype("<f4").tobytes()).decode()


def golden(family, c):
    table, forward = FAMILIES[family]
    w = weights(table(c))
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


LLAMA = dict(ropeTheta=10000, normEpsilon=1e-5)
SHAPES = {
    "gpt2-even": dict(layers=2, heads=4, embed=32, ffn=128, context=16, vocab=256, T=16, B=4),
    "gpt2-odd": dict(layers=3, heads=3, embed=33, ffn=132, context=11, vocab=61, T=7, B=3),
    "llama-even": dict(
        layers=2, heads=4, kvHeads=2, headSize=8, embed=32, ffn=88, context=16, vocab=96, tied=False, **LLAMA, T=12, B=4
    ),
    "llama-odd": dict(
        layers=3, heads=3, kvHeads=1, headSize=6, embed=33, ffn=41, context=11, vocab=61, tied=True, **LLAMA, T=7, B=3
    ),
}

if __name__ == "__main__":
    for name, shape in SHAPES.items():
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.json")
        with open(path, "w") as file:
            json.dump(golden(name.split("-")[0], shape), file, indent=1)
            file.write("\n")
        print(path, os.path.getsize(path))

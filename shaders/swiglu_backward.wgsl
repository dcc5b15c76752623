// With s = 1/(1 + exp(-gate)): dgate = dg·up·s·(1 + gate·(1 - s)), dup = dg·gate·s.
// gu (R, 2F) = (gate | up); dgu (R, 2F) holds dg in its first F columns and becomes (dgate | dup).
// One invocation per element of dg.
struct Params { rows: u32, F: u32 }
@group(0) @binding(0) var<storage, read> gu: array<f32>;
@group(0) @binding(1) var<storage, read_write> dgu: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(256)
fn swiglu_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  let F = params.F;
  if (i >= params.rows * F) { return; }
  let at = i / F * 2u * F + i % F;
  let gate = gu[at];
  let dg = dgu[at];
  let s = 1.0 / (1.0 + exp(-max(gate, -80.0)));
  dgu[at] = dg * gu[at + F] * s * (1.0 + gate * (1.0 - s));
  dgu[at + F] = dg * gate * s;
}

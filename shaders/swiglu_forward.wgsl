// g = silu(gate)·up with silu(z) = z/(1 + exp(-z)) (Shazeer 2020). gu (R, 2F) = (gate | up) → g (R, F).
// One invocation per element of g.
struct Params { rows: u32, F: u32 }
@group(0) @binding(0) var<storage, read> gu: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(256)
fn swiglu_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  let F = params.F;
  if (i >= params.rows * F) { return; }
  let at = i / F * 2u * F + i % F;
  // exp is kept from overflowing: WGSL lets an implementation assume that no infinity arises.
  g[i] = gu[at] / (1.0 + exp(-max(gu[at], -80.0))) * gu[at + F];
}

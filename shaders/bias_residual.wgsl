// out = x + p + bias. x, p, out (R, C), bias (C). One invocation per element.
struct Params { rows: u32, C: u32, use_bias: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(256)
fn bias_residual(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  if (i >= params.rows * params.C) { return; }
  var value = x[i] + p[i];
  if (params.use_bias == 1u) { value += bias[i % params.C]; }
  out[i] = value;
}

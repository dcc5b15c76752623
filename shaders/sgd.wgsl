// SGD with momentum (PyTorch's order): g ← scale·g + decay·wd·p; m ← momentum·m + g; p ← p - lr·m.
// hyper and norm as in adamw. One invocation per parameter.
struct Params { n: u32, p_offset: u32, g_offset: u32, m_offset: u32, decay: u32 }
@group(0) @binding(0) var<storage, read> g: array<f32>;
@group(0) @binding(1) var<storage, read> hyper: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn sgd(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.n) { return; }
  var scale = 1.0;
  if (hyper[7] > 0.0) { scale = min(1.0, hyper[7] / (sqrt(norm[0]) + 1e-6)); }
  let value = p[params.p_offset + i];
  var slope = g[params.g_offset + i] * scale;
  if (params.decay == 1u) { slope += hyper[4] * value; }
  let next = hyper[8] * m[params.m_offset + i] + slope;
  m[params.m_offset + i] = next;
  p[params.p_offset + i] = value - hyper[0] * next;
}

// AdamW (Loshchilov & Hutter; PyTorch's order): p ← p(1 - lr·wd) for decayed parameters; m ← β1·m + (1 - β1)g;
// v ← β2·v + (1 - β2)g²; p ← p - lr·(m/c1)/(√(v/c2) + ε), g scaled by min(1, clip/(√norm + 1e-6)).
// hyper = [lr, β1, β2, ε, wd, c1, c2, clip, momentum]; norm[0] = Σ g² of the model. One invocation per parameter.
struct Params { n: u32, p_offset: u32, g_offset: u32, m_offset: u32, v_offset: u32, decay: u32 }
@group(0) @binding(0) var<storage, read> g: array<f32>;
@group(0) @binding(1) var<storage, read> hyper: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(256)
fn adamw(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  if (i >= params.n) { return; }
  let lr = hyper[0];
  let beta1 = hyper[1];
  let beta2 = hyper[2];
  var scale = 1.0;
  if (hyper[7] > 0.0) { scale = min(1.0, hyper[7] / (sqrt(norm[0]) + 1e-6)); }
  let slope = g[params.g_offset + i] * scale;
  let first = beta1 * m[params.m_offset + i] + (1.0 - beta1) * slope;
  let second = beta2 * v[params.v_offset + i] + (1.0 - beta2) * slope * slope;
  m[params.m_offset + i] = first;
  v[params.v_offset + i] = second;
  var value = p[params.p_offset + i];
  if (params.decay == 1u) { value *= 1.0 - lr * hyper[4]; }
  p[params.p_offset + i] = value - lr * (first / hyper[5]) / (sqrt(second / hyper[6]) + hyper[3]);
}

// c[M,N] (+)= a[K,M]ᵀ·b[K,N].
// Workgroup tiles: 16 × 16 invocations compute 64 × 64 of c, 4 × 4 each in named accumulators; slices of 16 along K of both
// operands pass through workgroup memory (8 KiB). Any size: loads beyond the edge are 0, stores beyond it are left out.
struct Params { M: u32, N: u32, K: u32, accumulate: u32, a_offset: u32, b_offset: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
var<workgroup> tile_a: array<f32, 1024>;
var<workgroup> tile_b: array<f32, 1024>;

fn load_a(m: u32, k: u32) -> f32 {
  if (m >= params.M || k >= params.K) { return 0.0; }
  return a[params.a_offset + k * params.M + m];
}

fn load_b(k: u32, n: u32) -> f32 {
  if (n >= params.N || k >= params.K) { return 0.0; }
  return b[params.b_offset + k * params.N + n];
}

fn store(m: u32, n: u32, value: f32) {
  if (m >= params.M || n >= params.N) { return; }
  let at = m * params.N + n;
  c[at] = select(value, c[at] + value, params.accumulate == 1u);
}

@compute @workgroup_size(16, 16)
fn matmul_tn(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tiles = (params.N + 63u) / 64u;
  let tile = group.y * groups.x + group.x;
  let row = (tile / tiles) * 64u;
  let column = (tile % tiles) * 64u;
  var c00 = 0.0; var c01 = 0.0; var c02 = 0.0; var c03 = 0.0;
  var c10 = 0.0; var c11 = 0.0; var c12 = 0.0; var c13 = 0.0;
  var c20 = 0.0; var c21 = 0.0; var c22 = 0.0; var c23 = 0.0;
  var c30 = 0.0; var c31 = 0.0; var c32 = 0.0; var c33 = 0.0;
  for (var start = 0u; start < params.K; start += 16u) {
    for (var part = 0u; part < 4u; part++) {
      let i = lane + part * 256u;
      tile_a[i] = load_a(row + i % 64u, start + i / 64u);
      tile_b[i] = load_b(start + i / 64u, column + i % 64u);
    }
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) {
      let v0 = tile_a[k * 64u + local.y * 4u + 0u];
      let v1 = tile_a[k * 64u + local.y * 4u + 1u];
      let v2 = tile_a[k * 64u + local.y * 4u + 2u];
      let v3 = tile_a[k * 64u + local.y * 4u + 3u];
      let w0 = tile_b[k * 64u + local.x * 4u + 0u];
      let w1 = tile_b[k * 64u + local.x * 4u + 1u];
      let w2 = tile_b[k * 64u + local.x * 4u + 2u];
      let w3 = tile_b[k * 64u + local.x * 4u + 3u];
      c00 = fma(v0, w0, c00);
      c01 = fma(v0, w1, c01);
      c02 = fma(v0, w2, c02);
      c03 = fma(v0, w3, c03);
      c10 = fma(v1, w0, c10);
      c11 = fma(v1, w1, c11);
      c12 = fma(v1, w2, c12);
      c13 = fma(v1, w3, c13);
      c20 = fma(v2, w0, c20);
      c21 = fma(v2, w1, c21);
      c22 = fma(v2, w2, c22);
      c23 = fma(v2, w3, c23);
      c30 = fma(v3, w0, c30);
      c31 = fma(v3, w1, c31);
      c32 = fma(v3, w2, c32);
      c33 = fma(v3, w3, c33);
    }
    workgroupBarrier();
  }
  store(row + local.y * 4u + 0u, column + local.x * 4u + 0u, c00);
  store(row + local.y * 4u + 0u, column + local.x * 4u + 1u, c01);
  store(row + local.y * 4u + 0u, column + local.x * 4u + 2u, c02);
  store(row + local.y * 4u + 0u, column + local.x * 4u + 3u, c03);
  store(row + local.y * 4u + 1u, column + local.x * 4u + 0u, c10);
  store(row + local.y * 4u + 1u, column + local.x * 4u + 1u, c11);
  store(row + local.y * 4u + 1u, column + local.x * 4u + 2u, c12);
  store(row + local.y * 4u + 1u, column + local.x * 4u + 3u, c13);
  store(row + local.y * 4u + 2u, column + local.x * 4u + 0u, c20);
  store(row + local.y * 4u + 2u, column + local.x * 4u + 1u, c21);
  store(row + local.y * 4u + 2u, column + local.x * 4u + 2u, c22);
  store(row + local.y * 4u + 2u, column + local.x * 4u + 3u, c23);
  store(row + local.y * 4u + 3u, column + local.x * 4u + 0u, c30);
  store(row + local.y * 4u + 3u, column + local.x * 4u + 1u, c31);
  store(row + local.y * 4u + 3u, column + local.x * 4u + 2u, c32);
  store(row + local.y * 4u + 3u, column + local.x * 4u + 3u, c33);
}

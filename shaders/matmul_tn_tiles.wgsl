// c[M,N] (+)= a[K,M]ᵀ·b[K,N] through workgroup memory, for GPUs: a workgroup computes TILE_M×64 of c,
// 16 steps of k at a time; an invocation computes 8×4 in registers.
override TILE_M = 64u; // 64 with 128 invocations, 128 with 256
override INVOCATIONS = TILE_M * 2u;
const STEP = 16u;
var<workgroup> a_tile: array<vec4f, TILE_M * 4u>; // (k, m/4): four rows
var<workgroup> b_tile: array<vec4f, 256>; // (k, n/4): four columns

@compute @workgroup_size(INVOCATIONS)
fn matmul_tn(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let K = params.K;
  let block = block_at(group, groups, TILE_M, 64u);
  let tile_m = block.x;
  let tile_n = block.y;
  let m = lane / 16u * 8u;
  let n = lane % 16u;
  var c0 = vec4f();
  var c1 = vec4f();
  var c2 = vec4f();
  var c3 = vec4f();
  var c4 = vec4f();
  var c5 = vec4f();
  var c6 = vec4f();
  var c7 = vec4f();
  for (var k = 0u; k < K; k += STEP) {
    for (var i = lane; i < TILE_M * 4u; i += INVOCATIONS) {
      let at = k + i / (TILE_M / 4u);
      let value = load_a(params.aOffset + at * params.lda + tile_m + i % (TILE_M / 4u) * 4u);
      a_tile[i] = select(vec4f(), value, at < K);
    }
    for (var i = lane; i < 256u; i += INVOCATIONS) {
      let at = k + i / 16u;
      b_tile[i] = select(vec4f(), load_b(params.bOffset + at * params.ldb + tile_n + i % 16u * 4u), at < K);
    }
    workgroupBarrier();
    for (var q = 0u; q < STEP; q++) {
      let row = b_tile[q * 16u + n];
      let top = a_tile[(q * TILE_M + m) / 4u];
      let bottom = a_tile[(q * TILE_M + m) / 4u + 1u];
      c0 += top.x * row;
      c1 += top.y * row;
      c2 += top.z * row;
      c3 += top.w * row;
      c4 += bottom.x * row;
      c5 += bottom.y * row;
      c6 += bottom.z * row;
      c7 += bottom.w * row;
    }
    workgroupBarrier();
  }
  store(tile_m + m, tile_n + n * 4u, c0);
  store(tile_m + m + 1u, tile_n + n * 4u, c1);
  store(tile_m + m + 2u, tile_n + n * 4u, c2);
  store(tile_m + m + 3u, tile_n + n * 4u, c3);
  store(tile_m + m + 4u, tile_n + n * 4u, c4);
  store(tile_m + m + 5u, tile_n + n * 4u, c5);
  store(tile_m + m + 6u, tile_n + n * 4u, c6);
  store(tile_m + m + 7u, tile_n + n * 4u, c7);
}

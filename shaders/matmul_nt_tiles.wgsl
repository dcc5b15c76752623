// c[M,N] (+)= a[M,K]·b[N,K]ᵀ (+ bias[N]) through workgroup memory, for GPUs: a workgroup computes TILE_M×64 of c,
// 16 steps of k at a time; an invocation computes 8×4 in registers.
override TILE_M = 64u; // 64 with 128 invocations, 128 with 256
override INVOCATIONS = TILE_M * 2u;
const STEP = 16u;
var<workgroup> a_tile: array<vec4f, TILE_M * 5u>; // (m, k/4): four k of a row; a fifth keeps rows in different banks
var<workgroup> b_tile: array<vec4f, 256>; // (k, n/4): four columns

/** Zero where k has run past K. */
fn within(k: u32, value: vec4f) -> vec4f {
  return select(vec4f(), value, vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(params.K));
}

@compute @workgroup_size(INVOCATIONS)
fn matmul_nt(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let K = params.K;
  let block = block_at(group, groups, TILE_M, 64u);
  let tile_m = block.x;
  let tile_n = block.y;
  let m = lane / 16u * 8u;
  let n = lane % 16u;
  let first = offset_of_columns(tile_n + n * 4u);
  var c0 = first;
  var c1 = first;
  var c2 = first;
  var c3 = first;
  var c4 = first;
  var c5 = first;
  var c6 = first;
  var c7 = first;
  for (var k = 0u; k < K; k += STEP) {
    for (var i = lane; i < TILE_M * 4u; i += INVOCATIONS) {
      let at = k + i % 4u * 4u;
      a_tile[i / 4u * 5u + i % 4u] = within(at, load_a(params.aOffset + (tile_m + i / 4u) * params.lda + at));
    }
    if (lane < 64u) {
      // A 4×4 block of b, turned around on its way in.
      let at = k + lane % 4u * 4u;
      let row = (tile_n + lane / 4u * 4u) * K + at;
      let block = transpose(mat4x4f(
        within(at, load_b(row)),
        within(at, load_b(row + K)),
        within(at, load_b(row + 2u * K)),
        within(at, load_b(row + 3u * K)),
      ));
      let to = lane % 4u * 64u + lane / 4u;
      b_tile[to] = block[0];
      b_tile[to + 16u] = block[1];
      b_tile[to + 32u] = block[2];
      b_tile[to + 48u] = block[3];
    }
    workgroupBarrier();
    for (var q = 0u; q < 4u; q++) {
      let b_at = q * 64u + n;
      let rows = mat4x4f(b_tile[b_at], b_tile[b_at + 16u], b_tile[b_at + 32u], b_tile[b_at + 48u]);
      let a_at = m * 5u + q;
      c0 += rows * a_tile[a_at];
      c1 += rows * a_tile[a_at + 5u];
      c2 += rows * a_tile[a_at + 10u];
      c3 += rows * a_tile[a_at + 15u];
      c4 += rows * a_tile[a_at + 20u];
      c5 += rows * a_tile[a_at + 25u];
      c6 += rows * a_tile[a_at + 30u];
      c7 += rows * a_tile[a_at + 35u];
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

// c[M,N] (+)= a[M,K]·b[K,N] (+ bias[N]) for adapters that run on a CPU: four invocations (one quad, one SIMD register there)
// compute 12×16 of c, 12×4 each, and take k four at a time. Every load costs such adapters a gather, so a quad loads
// nothing twice, and 48 sums per invocation keep the loop small enough for the instruction cache.
// a: invocation i of the quad loads row i, the others get it by broadcast.
@compute @workgroup_size(4)
fn matmul_nn(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let K = params.K;
  let m = group.y * 12u;
  let n = group.x * 16u + lane * 4u;
  let a0 = params.aOffset + (m + 0u + lane) * K;
  let a1 = params.aOffset + (m + 4u + lane) * K;
  let a2 = params.aOffset + (m + 8u + lane) * K;
  let first = offset_of_columns(n);
  var c0 = first;
  var c1 = first;
  var c2 = first;
  var c3 = first;
  var c4 = first;
  var c5 = first;
  var c6 = first;
  var c7 = first;
  var c8 = first;
  var c9 = first;
  var c10 = first;
  var c11 = first;
  var k = 0u;
  for (; k + 3u < K; k += 4u) {
    let rows = mat4x4f(
      load_b(k * params.N + n),
      load_b((k + 1u) * params.N + n),
      load_b((k + 2u) * params.N + n),
      load_b((k + 3u) * params.N + n),
    );
    let x0 = load_a(a0 + k);
    c0 += rows * quadBroadcast(x0, 0u);
    c1 += rows * quadBroadcast(x0, 1u);
    c2 += rows * quadBroadcast(x0, 2u);
    c3 += rows * quadBroadcast(x0, 3u);
    let x1 = load_a(a1 + k);
    c4 += rows * quadBroadcast(x1, 0u);
    c5 += rows * quadBroadcast(x1, 1u);
    c6 += rows * quadBroadcast(x1, 2u);
    c7 += rows * quadBroadcast(x1, 3u);
    let x2 = load_a(a2 + k);
    c8 += rows * quadBroadcast(x2, 0u);
    c9 += rows * quadBroadcast(x2, 1u);
    c10 += rows * quadBroadcast(x2, 2u);
    c11 += rows * quadBroadcast(x2, 3u);
  }
  for (; k < K; k++) {
    let row = load_b(k * params.N + n);
    let x0 = load_a(a0 + k).x;
    c0 += quadBroadcast(x0, 0u) * row;
    c1 += quadBroadcast(x0, 1u) * row;
    c2 += quadBroadcast(x0, 2u) * row;
    c3 += quadBroadcast(x0, 3u) * row;
    let x1 = load_a(a1 + k).x;
    c4 += quadBroadcast(x1, 0u) * row;
    c5 += quadBroadcast(x1, 1u) * row;
    c6 += quadBroadcast(x1, 2u) * row;
    c7 += quadBroadcast(x1, 3u) * row;
    let x2 = load_a(a2 + k).x;
    c8 += quadBroadcast(x2, 0u) * row;
    c9 += quadBroadcast(x2, 1u) * row;
    c10 += quadBroadcast(x2, 2u) * row;
    c11 += quadBroadcast(x2, 3u) * row;
  }
  store(m, n, c0);
  store(m + 1u, n, c1);
  store(m + 2u, n, c2);
  store(m + 3u, n, c3);
  store(m + 4u, n, c4);
  store(m + 5u, n, c5);
  store(m + 6u, n, c6);
  store(m + 7u, n, c7);
  store(m + 8u, n, c8);
  store(m + 9u, n, c9);
  store(m + 10u, n, c10);
  store(m + 11u, n, c11);
}

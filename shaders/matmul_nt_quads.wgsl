// c[M,N] (+)= a[M,K]·b[N,K]ᵀ (+ bias[N]) for adapters that run on a CPU: four invocations (one quad, one SIMD register there)
// compute 12×16 of c, 12×4 each, and take k four at a time. Every load costs such adapters a gather, so a quad loads
// nothing twice, and 48 sums per invocation keep the loop small enough for the instruction cache.
// a: invocation i of the quad loads row i, the others get it by broadcast.
@compute @workgroup_size(4)
fn matmul_nt(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
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
    let columns = mat4x4f(
      load_b(n * K + k),
      load_b((n + 1u) * K + k),
      load_b((n + 2u) * K + k),
      load_b((n + 3u) * K + k),
    );
    let x0 = load_a(a0 + k);
    c0 += quadBroadcast(x0, 0u) * columns;
    c1 += quadBroadcast(x0, 1u) * columns;
    c2 += quadBroadcast(x0, 2u) * columns;
    c3 += quadBroadcast(x0, 3u) * columns;
    let x1 = load_a(a1 + k);
    c4 += quadBroadcast(x1, 0u) * columns;
    c5 += quadBroadcast(x1, 1u) * columns;
    c6 += quadBroadcast(x1, 2u) * columns;
    c7 += quadBroadcast(x1, 3u) * columns;
    let x2 = load_a(a2 + k);
    c8 += quadBroadcast(x2, 0u) * columns;
    c9 += quadBroadcast(x2, 1u) * columns;
    c10 += quadBroadcast(x2, 2u) * columns;
    c11 += quadBroadcast(x2, 3u) * columns;
  }
  for (; k < K; k++) {
    let column = vec4f(load_b(n * K + k).x, load_b((n + 1u) * K + k).x, load_b((n + 2u) * K + k).x, load_b((n + 3u) * K + k).x);
    let x0 = load_a(a0 + k).x;
    c0 += quadBroadcast(x0, 0u) * column;
    c1 += quadBroadcast(x0, 1u) * column;
    c2 += quadBroadcast(x0, 2u) * column;
    c3 += quadBroadcast(x0, 3u) * column;
    let x1 = load_a(a1 + k).x;
    c4 += quadBroadcast(x1, 0u) * column;
    c5 += quadBroadcast(x1, 1u) * column;
    c6 += quadBroadcast(x1, 2u) * column;
    c7 += quadBroadcast(x1, 3u) * column;
    let x2 = load_a(a2 + k).x;
    c8 += quadBroadcast(x2, 0u) * column;
    c9 += quadBroadcast(x2, 1u) * column;
    c10 += quadBroadcast(x2, 2u) * column;
    c11 += quadBroadcast(x2, 3u) * column;
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

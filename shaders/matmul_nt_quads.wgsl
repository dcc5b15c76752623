// c[M,N] (+)= a[M,K]·b[N,K]ᵀ (+ bias[N]) for adapters that run on a CPU: four invocations (one quad, one SIMD register there)
// compute 8×16 of c, 8×4 each, and take k four at a time. Every load costs such adapters a gather, so a quad loads nothing
// twice; a larger loop (more rows, more of k) falls out of the processor's cache of decoded instructions.
// a: invocation i of the quad loads row i, the others get it by broadcast.
@compute @workgroup_size(4)
fn matmul_nt(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let K = params.K;
  let block = block_at(group, groups, 8u, 16u);
  let m = block.x;
  let n = block.y + lane * 4u;
  let a0 = params.aOffset + (m + lane) * params.lda;
  let a1 = a0 + 4u * params.lda;
  let b0 = n * K;
  let b1 = b0 + K;
  let b2 = b1 + K;
  let b3 = b2 + K;
  let first = offset_of_columns(n);
  var c0 = first;
  var c1 = first;
  var c2 = first;
  var c3 = first;
  var c4 = first;
  var c5 = first;
  var c6 = first;
  var c7 = first;
  var k = 0u;
  for (; k + 3u < K; k += 4u) {
    let columns = mat4x4f(load_b(b0 + k), load_b(b1 + k), load_b(b2 + k), load_b(b3 + k));
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
  }
  for (; k < K; k++) {
    let row = vec4f(load_b(b0 + k).x, load_b(b1 + k).x, load_b(b2 + k).x, load_b(b3 + k).x);
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
  }
  store(m, n, c0);
  store(m + 1u, n, c1);
  store(m + 2u, n, c2);
  store(m + 3u, n, c3);
  store(m + 4u, n, c4);
  store(m + 5u, n, c5);
  store(m + 6u, n, c6);
  store(m + 7u, n, c7);
}

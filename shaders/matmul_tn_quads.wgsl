// c[M,N] (+)= a[K,M]ᵀ·b[K,N] for adapters that run on a CPU: four invocations (one quad, one SIMD register there)
// compute 8×16 of c, 8×4 each, and take k four at a time. Every load costs such adapters a gather, so a quad loads nothing
// twice; a larger loop (more rows, more of k) falls out of the processor's cache of decoded instructions.
// a: invocation i of the quad loads k + i, the others get it by broadcast.
@compute @workgroup_size(4)
fn matmul_tn(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let K = params.K;
  let lda = params.lda;
  let ldb = params.ldb;
  let block = block_at(group, groups, 8u, 16u);
  let m = block.x;
  let n = block.y + lane * 4u;
  var c0 = vec4f();
  var c1 = vec4f();
  var c2 = vec4f();
  var c3 = vec4f();
  var c4 = vec4f();
  var c5 = vec4f();
  var c6 = vec4f();
  var c7 = vec4f();
  let a0 = params.aOffset + m;
  let b0 = params.bOffset + n;
  var k = 0u;
  for (; k + 3u < K; k += 4u) {
    let at = b0 + k * ldb;
    let rows = mat4x4f(load_b(at), load_b(at + ldb), load_b(at + 2u * ldb), load_b(at + 3u * ldb));
    let line = a0 + (k + lane) * lda;
    let x0 = load_a(line);
    let y0 = transpose(mat4x4f(quadBroadcast(x0, 0u), quadBroadcast(x0, 1u), quadBroadcast(x0, 2u), quadBroadcast(x0, 3u)));
    c0 += rows * y0[0];
    c1 += rows * y0[1];
    c2 += rows * y0[2];
    c3 += rows * y0[3];
    let x1 = load_a(line + 4u);
    let y1 = transpose(mat4x4f(quadBroadcast(x1, 0u), quadBroadcast(x1, 1u), quadBroadcast(x1, 2u), quadBroadcast(x1, 3u)));
    c4 += rows * y1[0];
    c5 += rows * y1[1];
    c6 += rows * y1[2];
    c7 += rows * y1[3];
  }
  for (; k < K; k++) {
    let row = load_b(b0 + k * ldb);
    let x0 = load_a(a0 + k * lda);
    c0 += x0[0] * row;
    c1 += x0[1] * row;
    c2 += x0[2] * row;
    c3 += x0[3] * row;
    let x1 = load_a(a0 + k * lda + 4u);
    c4 += x1[0] * row;
    c5 += x1[1] * row;
    c6 += x1[2] * row;
    c7 += x1[3] * row;
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

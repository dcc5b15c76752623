// c[M,N] (+)= a[M,K]·b[N,K]ᵀ (+ bias[N]) without workgroup memory and without subgroups: an invocation computes 4×4 of c
// and takes k four at a time; a workgroup of 4×4 invocations computes 16×16.
@compute @workgroup_size(16)
fn matmul_nt(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let K = params.K;
  let block = block_at(group, groups, 16u, 16u);
  let m = block.x + lane / 4u * 4u;
  let n = block.y + lane % 4u * 4u;
  let a0 = params.aOffset + m * params.lda;
  let a1 = a0 + params.lda;
  let a2 = a1 + params.lda;
  let a3 = a2 + params.lda;
  let b0 = n * K;
  let b1 = b0 + K;
  let b2 = b1 + K;
  let b3 = b2 + K;
  let first = offset_of_columns(n);
  var c0 = first;
  var c1 = first;
  var c2 = first;
  var c3 = first;
  var k = 0u;
  for (; k + 3u < K; k += 4u) {
    let columns = mat4x4f(load_b(b0 + k), load_b(b1 + k), load_b(b2 + k), load_b(b3 + k));
    c0 += load_a(a0 + k) * columns;
    c1 += load_a(a1 + k) * columns;
    c2 += load_a(a2 + k) * columns;
    c3 += load_a(a3 + k) * columns;
  }
  for (; k < K; k++) {
    let row = vec4f(load_b(b0 + k).x, load_b(b1 + k).x, load_b(b2 + k).x, load_b(b3 + k).x);
    c0 += load_a(a0 + k).x * row;
    c1 += load_a(a1 + k).x * row;
    c2 += load_a(a2 + k).x * row;
    c3 += load_a(a3 + k).x * row;
  }
  store(m, n, c0);
  store(m + 1u, n, c1);
  store(m + 2u, n, c2);
  store(m + 3u, n, c3);
}

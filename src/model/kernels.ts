/**
 * Inputs, outputs and parameters of every kernel. The launch lists (model/launches.ts) name kernels by these
 * signatures; the kernel table (gpu/kernel-table.ts) adds source, variants and workgroup counts to each row. Shapes use
 * B batch, T sequence, C channels, NH heads, HS head size, V vocabulary, R = B·T rows. All f32 unless noted.
 */

type Access = 'in' | 'out' | 'inout'

export interface KernelSignature {
  /** Bindings of group 0 in order; the uniform with the parameters follows them. */
  readonly bindings: readonly (readonly [role: string, access: Access])[]
  /** Fields of the uniform in order; 'u' u32, 'f' f32. */
  readonly params: readonly (readonly [name: string, type: 'u' | 'f'])[]
}

function kernel(bindings: string, params: string): KernelSignature {
  return {
    bindings: bindings
      .split(' ')
      .filter(Boolean)
      .map((entry) => {
        const role = entry.replace(/^[+=]+/, '')
        const access: Access = entry.startsWith('+=') ? 'inout' : entry.startsWith('=') ? 'out' : 'in'
        return [role, access] as const
      }),
    params: params
      .split(' ')
      .filter(Boolean)
      .map((entry) => (entry.endsWith(':f') ? ([entry.slice(0, -2), 'f'] as const) : ([entry, 'u'] as const))),
  }
}

/** "x" is read, "=x" is written, "+=x" is read and written. `accumulate` 1 adds to the output, 0 replaces it. */
export const KERNELS = {
  /** x[r,:] = wte[token[r] − vocabStart,:] (0 outside this rank's rows) + addPosition · wpe[(r mod T),:] */
  embedding_forward: kernel('tokens wte wpe =x', 'rows T C vocabStart vocabRows addPosition'),
  /** dwte[token,:] += Σ dx[r,:] over the rows r of that token. `segments` (u32) = [count, token[R], start[R+1], row[R]]
   *  (capacity `capacity` = R): rows sorted by token on the host, so the sum has a fixed order and no atomics. */
  embedding_backward_token: kernel('dx segments +=dwte', 'capacity C vocabStart vocabRows'),
  /** dwpe[t,:] (+)= Σ_b dx[b·T + t,:] for t < T */
  embedding_backward_position: kernel('dx +=dwpe', 'B T C accumulate'),

  /** y = (x − mean)·rstd·gamma + beta, rstd = 1/√(variance + epsilon); stats[r] = (mean, rstd) */
  layer_norm_forward: kernel('x gamma beta =y =stats', 'rows C epsilon:f'),
  /** dx = ∂/∂x (+ upstream with useUpstream 1): upstream is the gradient that bypasses the norm on the residual path */
  layer_norm_backward_input: kernel('dy x gamma stats upstream =dx', 'rows C useUpstream'),
  /** dgamma (+)= Σ_r dy·x̂, dbeta (+)= Σ_r dy */
  layer_norm_backward_weight: kernel('dy x stats +=dgamma +=dbeta', 'rows C accumulate'),

  /** y = x·rstd·gamma, rstd = 1/√(mean x² + epsilon); stats[r] = rstd */
  rms_norm_forward: kernel('x gamma =y =stats', 'rows C epsilon:f'),
  /** dx = ∂/∂x (+ upstream with useUpstream 1), as in layer_norm_backward_input */
  rms_norm_backward_input: kernel('dy x gamma stats upstream =dx', 'rows C useUpstream'),
  /** dgamma (+)= Σ_r dy·x·rstd */
  rms_norm_backward_weight: kernel('dy x stats +=dgamma', 'rows C accumulate'),

  /**
   * c[M,N] (+)= a[M,K]·b[K,N] (+ bias[N]). aOffset and cOffset skip elements of a and c; lda and ldc are the row
   * strides of a and c (K and N where packed), so that both can be columns of a wider matrix.
   */
  matmul_nn: kernel('a b bias +=c', 'M N K useBias accumulate aOffset cOffset lda ldc'),
  /** c[M,N] (+)= a[M,K]·b[N,K]ᵀ (+ bias[N]) */
  matmul_nt: kernel('a b bias +=c', 'M N K useBias accumulate aOffset cOffset lda ldc'),
  /** c[M,N] (+)= a[K,M]ᵀ·b[K,N]; aOffset and bOffset skip elements of a and b; lda and ldb are their row strides */
  matmul_tn: kernel('a b +=c', 'M N K accumulate aOffset bOffset lda ldb'),
  /** db[n] (+)= Σ_r dy[r,n] */
  bias_backward: kernel('dy +=db', 'rows N accumulate'),

  /**
   * Causal softmax attention. qkv[r] = (q | k | v), of widths NH·HS, KV·HS and KV·HS: NH/KV adjacent query heads share
   * a key/value head. o[R, NH·HS]; lse[B,NH,T] = log Σ exp(scores)
   */
  attention_forward: kernel('qkv =o =lse', 'B T NH KV HS'),
  /** delta[B,NH,T] = Σ_d do·o */
  attention_backward_delta: kernel('o dout =delta', 'B T NH HS'),
  /** the q part of dqkv */
  attention_backward_query: kernel('qkv dout lse delta +=dqkv', 'B T NH KV HS'),
  /** the k and v parts of dqkv */
  attention_backward_key_value: kernel('qkv dout lse delta +=dqkv', 'B T NH KV HS'),

  /**
   * Rotary position embedding of the q and k heads in place: the pair (x[i], x[i + HS/2]) of each head is rotated by
   * direction · position · θ^(−2i/HS), position = start + r mod T, logTheta = log₂ θ. direction 1 forward, −1 backward.
   * HS is even.
   */
  rotary_embedding: kernel('+=qkv', 'rows T NH KV HS start logTheta:f direction:f'),

  /** g = ½h(1 + tanh(√(2/π)(h + 0.044715h³))), the tanh argument clamped */
  gelu_forward: kernel('h =g', 'n'),
  /** dh (in place of dg) = dg · gelu'(h) */
  gelu_backward: kernel('h +=dg', 'n'),
  /** gu[r] = (gate | up), each of width F; g = silu(gate)·up, silu(z) = z/(1 + exp(−z)) */
  swiglu_forward: kernel('gu =g', 'rows F'),
  /** dgu[r] is (dg | anything) on input and (dgate | dup) on output */
  swiglu_backward: kernel('gu +=dgu', 'rows F'),
  /** out = x + p + bias */
  bias_residual: kernel('x p bias =out', 'rows C useBias'),

  /** losses[rowStart + r] = weights[rowStart + r]·(lse − logit[target]); logits become dlogits = weight·(softmax − onehot).
   *  logits[rows, V] of which the first `valid` columns exist; targets and weights are indexed from rowStart. */
  cross_entropy: kernel('targets weights +=logits =losses', 'rows V valid rowStart'),
  /** stats[r] = (max, Σ exp(logit − max), logit of the target or 0 when another rank holds it) over this rank's columns */
  softmax_stats: kernel('logits targets =stats', 'rows V valid vocabStart rowStart'),
  /** combined[r] from the group's stats, gathered as all[group, rows, 3] → logits become dlogits; losses as above */
  cross_entropy_sharded: kernel('targets weights all +=logits =losses', 'rows V valid vocabStart rowStart group'),
  /** target[0] (+)= Σ values[0…n), one workgroup, fixed order */
  sum: kernel('values +=target', 'n accumulate'),

  /** partials[slot…slot+count) = partial sums of squares of values[offset…offset+n) */
  squared_norm: kernel('values +=partials', 'offset n slot count'),
  /** hyper (10 f32) = [lr, β1, β2, ε, weight decay, 1−β1^t, 1−β2^t, clip (0 = off), momentum, unused];
   *  norm[0] = Σ g² over the whole model; scale = min(1, clip/(√norm + 1e-6)).
   *  p[pOffset…], g[gOffset…], m[mOffset…], v[vOffset…], n elements; decay 1 applies weight decay. */
  adamw: kernel('g hyper norm +=p +=m +=v', 'n pOffset gOffset mOffset vOffset decay'),
  /** m = momentum·m + scale·g + decay·wd·p; p −= lr·m (PyTorch's order) */
  sgd: kernel('g hyper norm +=p +=m', 'n pOffset gOffset mOffset decay'),

  /** encoded words of n values (model/codec-launches.ts); topk also leaves residue[i], the remainder of value i */
  encode_fp16: kernel('values =encoded', 'n sOffset tOffset'),
  encode_int8: kernel('values =encoded', 'n sOffset tOffset chunks'),
  encode_topk: kernel('values =encoded =residue', 'n k sOffset tOffset feedback'),
  /** values[tOffset + i] (+)= the decoded value; topk adds its k pairs */
  decode_fp16: kernel('encoded +=values', 'n sOffset tOffset accumulate'),
  decode_int8: kernel('encoded +=values', 'n sOffset tOffset chunks accumulate'),
  decode_topk: kernel('encoded +=values', 'n k sOffset tOffset'),

  /** target[tOffset + i] (+)= scale · source[sOffset + i] */
  axpy: kernel('source +=target', 'n sOffset tOffset accumulate scale:f'),
} as const satisfies Record<string, KernelSignature>

export type KernelName = keyof typeof KERNELS

/** One dispatch: kernel, buffers by role, the uniform's fields, and the work for planning submits and cost models. */
export interface Launch {
  readonly kernel: KernelName
  /** role → the op's name of the buffer; an unused role (bias without useBias) may name any read buffer. */
  readonly buffers: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, number>>
  /** Floating-point operations (a multiply-add is 2). */
  readonly flops: number
  /** Bytes read and written from global memory at least once. */
  readonly bytes: number
}

/** Partial sums of one tensor's squared norm: one per 65,536 elements, so that the order is fixed. */
export function squaredNormSlots(elements: number): number {
  return Math.max(1, Math.ceil(elements / 65536))
}

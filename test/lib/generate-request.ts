/** A short sample that every layout can be asked for. */
export const request = { prompt: 'ein kleiner ', tokens: 8, temperature: 0.7, topK: 20, seed: 3 }

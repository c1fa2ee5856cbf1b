// Who asks: an HS256 token, verified once and then remembered for a minute, as the gateway remembers it.
import { createHmac, timingSafeEqual } from 'node:crypto'

const REMEMBER_MS = 60_000
const SECRET = process.env.GATEWAY_JWT_SECRET
const seen = new Map()

export class NotSignedIn extends Error {}

export function viewerOf (authorization) {
  const known = seen.get(authorization)
  if (known !== undefined && Date.now() < known.until) return known.viewer
  const claims = claimsOf((authorization ?? '').replace(/^Bearer /i, ''))
  const viewer = { subject: claims.sub, role: claims.role, maySeePersonal: claims.role !== 'partner' }
  seen.set(authorization, { viewer, until: Math.min(Date.now() + REMEMBER_MS, claims.exp * 1000) })
  return viewer
}

function claimsOf (token) {
  const [header, payload, signature] = token.split('.')
  if (!signature || JSON.parse(Buffer.from(header, 'base64url')).alg !== 'HS256') throw new NotSignedIn('Nobody is signed in.')
  const wanted = createHmac('sha256', SECRET).update(`${header}.${payload}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new NotSignedIn('The signature does not fit.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url'))
  if (!(claims.exp * 1000 > Date.now())) throw new NotSignedIn('The token has expired.')
  return claims
}

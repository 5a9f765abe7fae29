/** Relays of drand's HTTP API, of the League of Entropy and of Cloudflare. None is trusted: rounds are checked. */
export const DRAND_URLS = [
  "https://api.drand.sh",
  "https://api2.drand.sh",
  "https://api3.drand.sh",
  "https://drand.cloudflare.com",
] as const;

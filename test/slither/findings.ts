/** What Slither found: which of its checks, and what it says. */
export type Finding = { check: string; impact: string; description: string };

/** Findings that are no fault: all of a check whose description has this text. Lines move, so they are no part of it. */
export type Accepted = { check: string; text: string; reason: string };

/** What a finding says, without the lines. */
export function said({ description }: Finding): string {
  return description.replace(/ \([^()]*\.sol#[\d-]+\)/g, "").trim();
}

/** The findings that nothing accepts, and what accepts no finding. */
export function judge(findings: Finding[], accepted: Accepted[]): { open: Finding[]; stale: Accepted[] } {
  const covers = (entry: Accepted, finding: Finding) =>
    entry.check === finding.check && said(finding).includes(entry.text);
  return {
    open: findings.filter((finding) => !accepted.some((entry) => covers(entry, finding))),
    stale: accepted.filter((entry) => !findings.some((finding) => covers(entry, finding))),
  };
}

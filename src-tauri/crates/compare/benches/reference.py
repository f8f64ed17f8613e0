"""Bradley-Terry strengths by others' code: `choix` without ties, SciPy's optimisers with them.

Reads problems as JSON from standard input, writes one list of parameters for each. Written from the formulas in
Davidson (1970), not from our code.
"""

import json
import sys

import choix
import numpy as np
from scipy import optimize


def without_ties(problem):
    pairs = [(a, b) if s > 0 else (b, a) for a, b, s, _, _ in problem["votes"]]
    alpha = 1.0 / (2.0 * problem["spread"] ** 2)
    return list(choix.opt_pairwise(problem["players"], pairs, alpha=alpha, method="Newton-CG", tol=1e-13))


def with_ties(problem):
    votes = np.array(problem["votes"], dtype=float)
    n = problem["players"]
    a, b = votes[:, 0].astype(int), votes[:, 1].astype(int)
    score, first, length = votes[:, 2], votes[:, 3], votes[:, 4]

    def parts(x):
        d = x[a] - x[b] + x[n] * first + x[n + 1] * length
        logs = np.stack([d / 2, -d / 2, np.full_like(d, x[n + 2])])
        top = logs.max(axis=0)
        norm = top + np.log(np.exp(logs - top).sum(axis=0))
        return logs, norm

    def loss(x):
        logs, norm = parts(x)
        chosen = np.where(score > 0, logs[0], np.where(score < 0, logs[1], logs[2]))
        prior = (x[:n] ** 2).sum() / (2 * problem["spread"] ** 2)
        prior += (x[n : n + 2] ** 2).sum() / (2 * problem["effect_spread"] ** 2)
        return -(chosen - norm).sum() + prior + problem["tie_rate"] * np.exp(x[n + 2])

    def slope(x):
        logs, norm = parts(x)
        p = np.exp(logs - norm)
        seen = np.where(score > 0, 0.5, np.where(score < 0, -0.5, 0.0))
        rest = (p[0] - p[1]) / 2 - seen
        g = np.zeros(n + 3)
        np.add.at(g, a, rest)
        np.add.at(g, b, -rest)
        g[n] = (rest * first).sum()
        g[n + 1] = (rest * length).sum()
        g[n + 2] = (p[2] - (score == 0)).sum() + problem["tie_rate"] * np.exp(x[n + 2])
        g[:n] += x[:n] / problem["spread"] ** 2
        g[n : n + 2] += x[n : n + 2] / problem["effect_spread"] ** 2
        return g

    found = optimize.minimize(loss, np.zeros(n + 3), jac=slope, method="BFGS", options={"gtol": 1e-9})
    return list(optimize.root(slope, found.x, method="hybr", tol=1e-13).x)


problems = json.load(sys.stdin)
json.dump([with_ties(p) if p["ties"] else without_ties(p) for p in problems], sys.stdout)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Maximum flow (Dinic), for the question which needs could be met at all."""

from collections import deque

TINY = 1e-7


class Flow:
    def __init__(self, nodes):
        self.edges = [[] for _ in range(nodes)]

    def add(self, a, b, capacity):
        self.edges[a].append([b, capacity, len(self.edges[b])])
        self.edges[b].append([a, 0.0, len(self.edges[a]) - 1])

    def maximum(self, source, sink):
        total = 0.0
        while True:
            level = [-1] * len(self.edges)
            level[source] = 0
            queue = deque([source])
            while queue:
                u = queue.popleft()
                for v, capacity, _ in self.edges[u]:
                    if capacity > TINY and level[v] < 0:
                        level[v] = level[u] + 1
                        queue.append(v)
            if level[sink] < 0:
                return total
            cursor = [0] * len(self.edges)

            def push(u, amount):
                if u == sink:
                    return amount
                while cursor[u] < len(self.edges[u]):
                    edge = self.edges[u][cursor[u]]
                    v, capacity, back = edge
                    if capacity > TINY and level[v] == level[u] + 1:
                        sent = push(v, min(amount, capacity))
                        if sent > TINY:
                            edge[1] -= sent
                            self.edges[v][back][1] += sent
                            return sent
                    cursor[u] += 1
                return 0.0

            while (sent := push(source, float("inf"))) > TINY:
                total += sent

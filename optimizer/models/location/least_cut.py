"""The cheapest set of arcs that separates two nodes: maximum flow, minimum cut.

By the theorem of Ford and Fulkerson (1956) the largest flow from the source to the sink equals
the least weight of arcs whose removal separates them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

NEVER = 10_000_000
"""Weight of an arc that must not be cut; a cut that is worth as much does not exist."""


def least_cut(
    n_nodes: int,
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    weight: NDArray[np.int64],
    source: int,
    sink: int,
) -> tuple[int, NDArray[np.bool_]]:
    """Weight of the least cut and the nodes on the source's side, the fewest of all least cuts.

    Arcs lead both ways and have whole weights of 0 to `NEVER`; parallel ones are all cut.
    """
    rows, columns = np.concatenate([tail, head]), np.concatenate([head, tail])
    weights = np.concatenate([weight, weight]).astype(np.int32)
    apart = rows != columns
    entries = (weights[apart], (rows[apart], columns[apart]))
    capacity = coo_matrix(entries, shape=(n_nodes, n_nodes), dtype=np.int32).tocsr()
    capacity.eliminate_zeros()
    flow = maximum_flow(capacity, source, sink)
    left = capacity - flow.flow
    left.eliminate_zeros()
    side = np.zeros(n_nodes, dtype=bool)
    side[breadth_first_order(left, source, return_predecessors=False)] = True
    return int(flow.flow_value), side

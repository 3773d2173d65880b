"""The few collective operations of a job on several processes; the only place that knows torch.distributed.

A job reads RANK and WORLD_SIZE, as torchrun, Slurm and others set them. Alone, everything here is free.
"""

import os

import numpy as np
import torch
import torch.distributed as distributed


class Ranks:
    """This process among ``world`` ones that do the same job; rank 0 speaks and writes."""

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", 0))
        self.world = int(os.environ.get("WORLD_SIZE", 1))
        if self.world > 1 and not distributed.is_initialized():
            both = torch.cuda.is_available() and distributed.is_nccl_available()
            distributed.init_process_group("cpu:gloo,cuda:nccl" if both else "gloo")

    @property
    def first(self) -> bool:
        """Whether this is rank 0."""
        return self.rank == 0

    def deal(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """This rank's part [K] of a batch ``places`` [B], and which of it are real: the last ones may be copies, so that
        every rank gets equally many, K = ceil(B / world)."""
        most = -(-len(places) // self.world)
        turns = self.rank + self.world * np.arange(most)
        return np.resize(places, most * self.world)[turns], turns < len(places)

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum of everyone's ``tensor``, in place."""
        if self.world > 1:
            distributed.all_reduce(tensor)
        return tensor

    def sum_gradient(self, whole: torch.nn.Parameter, loss: torch.Tensor) -> torch.Tensor:
        """The gradient becomes the sum of everyone's; gives the sum of everyone's ``loss``. One message."""
        loss = loss.detach()
        if self.world == 1 or whole.grad is None:
            return loss
        message = self.sum(torch.cat([whole.grad, loss.reshape(1).to(whole.dtype)]))
        whole.grad.copy_(message[:-1])
        return message[-1]

    def agree(self, wish: bool) -> bool:
        """True for all if rank 0 wishes it."""
        if self.world == 1:
            return wish
        return bool(self.sum(torch.tensor([int(wish and self.first)])).item())

    def tell(self, text: str) -> str:
        """Rank 0's text, for all."""
        if self.world == 1:
            return text
        told = [text]
        distributed.broadcast_object_list(told)
        return str(told[0])

    def close(self) -> None:
        """Leave the group, waiting for the others."""
        if self.world > 1 and distributed.is_initialized():
            distributed.barrier()
            distributed.destroy_process_group()

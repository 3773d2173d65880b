"""Ranks: the collective operations of a job on several processes. Only this file uses torch.distributed.

A job reads RANK and WORLD_SIZE, which torchrun, Slurm and others set. With one process every operation here is free.
"""

import os

import numpy as np
import torch
import torch.distributed as distributed


class Ranks:
    """This process among the ``world`` processes of a job. Rank 0 reports and writes."""

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

    def deal(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """This rank's part [K] of a batch ``positions`` [B], and which of its entries are real [K] bool.

        Every rank gets K = ceil(B / world) positions, so the last ones may be copies.
        """
        most = -(-len(positions) // self.world)
        turns = self.rank + self.world * np.arange(most)
        return np.resize(positions, most * self.world)[turns], turns < len(positions)

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum of ``tensor`` over all ranks, in place."""
        if self.world > 1:
            distributed.all_reduce(tensor)
        return tensor

    def sum_gradient(self, whole: torch.nn.Parameter, loss: torch.Tensor) -> torch.Tensor:
        """Sum the gradient over all ranks in place, and return the sum of ``loss``. Both travel in one message."""
        loss = loss.detach()
        if self.world == 1 or whole.grad is None:
            return loss
        message = self.sum(torch.cat([whole.grad, loss.reshape(1).to(whole.dtype)]))
        whole.grad.copy_(message[:-1])
        return message[-1]

    def agree(self, wish: bool) -> bool:
        """True on every rank if ``wish`` is True on rank 0."""
        if self.world == 1:
            return wish
        return bool(self.sum(torch.tensor([int(wish and self.first)])).item())

    def broadcast(self, text: str) -> str:
        """Rank 0's text, on every rank."""
        if self.world == 1:
            return text
        texts = [text]
        distributed.broadcast_object_list(texts)
        return str(texts[0])

    def close(self) -> None:
        """Wait for the other ranks, then leave the group."""
        if self.world > 1 and distributed.is_initialized():
            distributed.barrier()
            distributed.destroy_process_group()

"""Renders that really do the work: faces swapped, people found, clips cut. Needs the extra ``live`` (torch, PyAV, numpy).

Only ``orders`` and ``failures`` may be imported without it. ``render.render(order, workshop)`` does any order and tells news
on its way; ``workshop`` keeps the models. Media come in by ``reading`` (video, in chunks), ``sound`` and ``pictures``, and go out by
``writing``; ``stages`` lets decoding, work and encoding overlap; ``marks`` and ``credentials`` say that it is simulated.
Faces are found by ``networks`` (whose ``weights`` come with a package), ``faces`` and ``tracks``; ``casting`` says who becomes
whom; ``geometry``, ``planes`` and ``blending`` lay one over another, for ``swap``, ``heads`` and the like. Clips are found by
``scenes``, chosen by ``moments`` and cut by ``clips``.
"""

"""Output files that look like a vendor's, and the headers of input files.

``synthetic.make(output)`` makes any planned ``Output`` in milliseconds without a codec: colour bars by the
output's seed, the word SIMULATED in the picture and in the metadata, exactly as many bytes as planned.
It returns a ``MediaFile``, which never holds its padding and reads any range of itself; ``cache.MadeFiles``
keeps those that were asked for lately. ``probe.probe(data)`` says what an uploaded file is by its headers.

A picture's shapes and colours are in ``picture``; each format has a module of its own and is imported only
when such a file is first made: ``png``, ``pillow_images`` (JPEG, WebP), ``gif``, ``mp4`` (and MOV, by ``h264``), ``webm``.
Nothing here but Pillow reads pixels, and Pillow never reads a client's.
"""

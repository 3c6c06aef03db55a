"""The maker of the demo data: sentences, faces, scenes, voices and clips (layer L1).

`hybridsent.datasets.make_demo` writes what is made here as a table. What people say stands in one
file a language (`en.json`, `zh.json`), which is read when texts are written: sentences by what
their writer means, not by what the words say. Many are plain, some are ironic, negated or of two
minds, and those of the three moods share their topics, so that the topic does not give the label
away.
"""

__all__: list[str] = []

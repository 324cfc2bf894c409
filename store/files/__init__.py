"""Reads folders of article files into documents and a store, and writes documents back as files.

- which files there are, and their bytes: `source`, `folder`, `listing`; many of them: `pool`
- one file becomes one document: `documents`, by `front_matter`, `quick_yaml`, `yaml_nodes`, `scalars`, `keys`
- what is said of a broken file: bad YAML or JSON by `yaml_nodes` (`quick_yaml` leaves it all that is odd), its fence or
  size by `front_matter`, a wrong or missing value by `keys`, one that cannot be opened by `folder`
- a document becomes what it describes: `entities`
- folders become a store's content: `ingest`, `report`, `garbage`
- documents become files: `write_back` (one article), `export` (all), `place`, `rendering`
"""

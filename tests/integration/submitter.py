# SPDX-License-Identifier: LGPL-2.1-or-later
"""A directory for a test's files, and the driver that submits its message to a URL."""

import os
import subprocess


class Submitter:
    def __init__(self, driver, root):
        self.driver = driver
        self.root = root

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def submit(self, url, *envelope, front=()):
        """The code's name, the reply and the detail."""
        done = subprocess.run([*front, self.driver, url, *envelope], text=True,
                              stdout=subprocess.PIPE, check=True, timeout=300)
        return done.stdout.split("\n")

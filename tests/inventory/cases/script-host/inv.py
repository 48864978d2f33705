#!/usr/bin/env python3
import json
import sys

if sys.argv[1] == "--list":
    print(json.dumps({"web": {"hosts": ["w1", "w2"]}, "db": ["d1"]}))
elif sys.argv[2] != "d1":
    print(json.dumps({"name": sys.argv[2], "n": 1}))

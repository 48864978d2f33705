#!/bin/sh
[ "$1" = --list ] || exit 3
cat <<'END'
{"web": {"hosts": ["w1", "w2"], "vars": {"v": "web", "ansible_group_priority": 3}, "children": ["sub"]},
 "sub": {"hosts": ["s1"]}, "list": ["l1", "w1"], "old": {"a": 1, "b": 2},
 "all": {"vars": {"r": "eu"}, "children": ["late"]}, "empty": {"hosts": []},
 "_meta": {"hostvars": {"w1": {"x": [1, null, 1.5], "t": "{{ v }}"}, "unknown": {"y": 1}}}}
END

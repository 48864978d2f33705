"""Expressions that come to the same here as in Ansible. `VARIABLES` are in scope.

One line each, a theme a block. Where we differ on purpose, the case stands in `test_oracle.py` with its reason.
"""

from __future__ import annotations

from typing import Any

VARIABLES: dict[str, Any] = {
    "n": 3,
    "f": 2.5,
    "yes": True,
    "nothing": None,
    "word": "Hello, World",
    "lines": "one\n two\n\nthree\n",
    "cyrillic": "Привет",
    "numbers": [3, 1, 2, 3],
    "words": ["b", "a", "B", "a"],
    "nested": [1, [2, [3, [None, "null"]]], []],
    "rows": [
        {"name": "a", "port": 80, "tags": ["x", "y"], "up": True},
        {"name": "b", "port": 443, "tags": [], "up": False},
        {"name": "c", "port": 80, "tags": ["y"], "up": True},
    ],
    "low": {"a": 1, "b": {"x": 1, "y": [1, 2]}, "l": [1, 2]},
    "high": {"b": {"y": [2, 3], "z": 9}, "c": 4, "l": [2, 3]},
    "result": {"failed": False, "changed": True, "skipped": False, "rc": 0, "stdout": "ok"},
    "looped": {"results": [{"changed": False}, {"changed": True}]},
    "version": "1.10.2",
    "path": "/etc/app/app.tar.gz",
    "url": "https://me:pw@web1.example.com:8443/a/b?q=1&r=a%20b#top",
    "text_yaml": "a: [1, 2]\nb: {c: yes}\nd: 2024-01-02\n",
    "text_json": '{"a": [1, 2.5, null, true], "b": "é"}',
}

_DEFAULTS = """
nope | default('d')
nope.a.b.c | default('d')
nope['a'] | d('d')
rows[0].nope | default('d')
rows[0].nope.deeper | default('d')
'' | default('d')
nothing | default('d')
'' | default('d', true)
nothing | default('d', true)
0 | default(5, boolean=true)
nope | default([])
nope | default
nope is defined
nope.a is defined
nope is undefined
rows[0].name is defined
rows[0].nope is defined
nope
nope.a
rows[0].nope
nope + 1
nope | length
nope ~ 'x'
[nope]
{'a': nope}
rows | map(attribute='nope') | list
rows | map(attribute='nope', default=0) | list
rows | selectattr('nope', 'defined') | list
rows | rejectattr('nope', 'defined') | map(attribute='name')
word | mandatory
nope | mandatory
nope | mandatory('say it')
yes | ternary('a', nope)
"""

_TRUTH = """
'yes' | bool
'on' | bool
'TRUE' | bool
'1' | bool
'y' | bool
't' | bool
'maybe' | bool
' yes' | bool
1 | bool
1.0 | bool
2 | bool
nothing | bool
[] | bool
[1] | bool
'' | bool
yes | ternary('a', 'b')
'' | ternary('a', 'b')
nothing | ternary('a', 'b', 'c')
nothing | ternary('a', 'b')
0 | ternary('a', 'b')
word | type_debug
n | type_debug
f | type_debug
yes | type_debug
nothing | type_debug
rows | type_debug
low | type_debug
'' is truthy
'no' is truthy
'no' is truthy(convert_bool=true)
'off' is falsy(convert_bool=true)
'x' is truthy(convert_bool=true)
0 is falsy
[0] is truthy
nothing is falsy
n is number
word is string
rows is sequence
low is mapping
nothing is none
yes is boolean
f is float
n is integer
n is odd
6 is divisibleby 3
nothing is not none
"""

_NUMBERS = """
'42' | int
'4.9' | int
'x' | int
'x' | int(7)
'0x1f' | int(base=16)
f | int
nothing | int
'3.5' | float
'x' | float
'x' | float(1.5)
-3 | abs
7.456 | round(1)
7.456 | round(1, 'floor')
7.5 | round | int
n / 2
n // 2
n ** 2
2 ** 0.5
n * 'ab'
'ab' * n
[1] * 2
7 % 3
'%s-%03d' % ('a', 7)
'%s-%03d' | format('a', 7)
'%(a)s' | format(a=1)
'{} {:>5} {a[b]}' .format(1, 'x', a={'b': 2})
1536 | human_readable
0 | human_readable
1 | human_readable
1048576 | human_readable(unit='K')
10 | human_readable(isbits=true)
'x' | human_readable
(10 ** 24) | human_readable
1234567890123 | human_readable(true)
'1.5 KB' | human_to_bytes
'10M' | human_to_bytes
10 | human_to_bytes('k')
'10' | human_to_bytes
'2 kilobytes' | human_to_bytes
'1 Mb' | human_to_bytes
'1 Mb' | human_to_bytes(isbits=true)
'1 byte' | human_to_bytes
'1B' | human_to_bytes
'1b' | human_to_bytes
'1b' | human_to_bytes(isbits=true)
'1kb' | human_to_bytes
'1 MB extra' | human_to_bytes
'-1K' | human_to_bytes
'' | human_to_bytes
'.5K' | human_to_bytes
'1 XB' | human_to_bytes
100 | log(10)
8 | log(2)
'x' | log
2 | pow(3)
16 | root
27 | root(3)
'x' | root
[1, 2, 3.5] | sum
rows | sum(attribute='port')
[[1], [2]] | sum(start=[])
numbers | min
numbers | max
words | max
rows | max(attribute='port')
[] | min
n in numbers
4 not in numbers
n is in numbers
"""

_TEXTS = """
word | lower
word | upper
word | title
word | capitalize
word | length
word | replace('l', 'L')
word | replace('l', 'L', 1)
n | replace(3, 4)
'  x ' | trim
'--x-' | trim('-')
'a,b,,c' | split(',')
'a,b,,c' | split(',', 1)
' a  b ' | split
word | split('nope')
n | split
word.split(',')
word[0:5]
word[::-1]
word | first
word | last
word | list
word | reverse
word | truncate(8)
word | truncate(5, true, '')
word | center(20)
lines | indent
lines | indent(2, true)
lines | indent(2, true, true)
lines | indent('> ')
lines | wordcount
word | wordwrap(5)
'<a href="x">' | escape
'<a>' | e
'<a>' | safe
'<b>x</b>' | striptags
lines.splitlines()
['a', 1, nothing, true] | join('-')
['a', 1, nothing] | join
rows | map(attribute='name') | join(', ')
rows | join(', ', attribute='name')
'abc' | join('.')
word ~ n ~ nothing ~ yes
'a' ~ [1, 'x']
word | quote
"it's" | quote
nothing | quote
'' | quote
n | quote
cyrillic | quote
'a' | comment
lines | comment
lines | comment('c')
lines | comment('cblock')
lines | comment('xml')
lines | comment('erlang')
'a' | comment('nope')
'a' | comment(decoration='! ')
'a' | comment('plain', prefix='#######', postfix='#')
'a' | comment('plain', prefix_count=3, postfix_count=0)
'a' | comment('plain', prefix='', postfix='')
'a' | comment('cblock', beginning='(*', end='*)')
'x' | string
n | string
rows[0].tags | string
nothing | string
'a\\b'
'a\\tb'
'\\d+'
12345678 | filesizeformat
{'a': 1, 'b': 2} | urlencode
'a b/c?' | urlencode
cyrillic | urlencode
'a+b%20c' | urldecode
word | pprint
"""

_REGEX = """
word | regex_search('W.*')
word | regex_search('nope')
word | regex_search('(H)(e)', '\\1', '\\2')
word | regex_search('(?P<first>H)', '\\g<first>')
word | regex_search('(H)', 'x')
word | regex_search('(H)', '\\3')
word | regex_search('hello', ignorecase=true)
lines | regex_search('^ two$', multiline=true)
lines | regex_search('^ two$')
n | regex_search('3')
rows[0].tags | regex_search('x')
word | regex_search('(')
word | regex_search('nope', '\\1')
word | regex_findall('o')
word | regex_findall('(o)(.)')
lines | regex_findall('^.', true)
lines | regex_findall('^T', multiline=true, ignorecase=true)
word | regex_findall('x')
word | regex_replace('o', '0')
word | regex_replace('(\\w+), (\\w+)', '\\2 \\1')
word | regex_replace('(?P<a>H)', '\\g<a>\\g<0>')
word | regex_replace('H', '')
word | regex_replace('h', 'J', ignorecase=true)
lines | regex_replace('^', '> ', multiline=true)
word | regex_replace('o', '0', count=1)
word | regex_replace('o', '0', mandatory_count=2)
word | regex_replace('o', '0', mandatory_count=3)
word | regex_replace('l', '\\n')
word | regex_replace('x*', '-')
n | regex_replace('3', '4')
nothing | regex_replace('N', 'n')
words | map('regex_replace', '^', 'x-') | list
word | regex_replace('(', '')
word | regex_replace('H', '\\9')
'a.b[c]' | regex_escape
'a.b[c]$^*' | regex_escape('posix_basic')
'a' | regex_escape('posix_extended')
'a' | regex_escape('nope')
word is match('Hello')
word is match('World')
word is match('hello', ignorecase=true)
word is search('World')
word is search('world')
word is regex('o, W')
word is regex('Hello', match_type='fullmatch')
lines is search('^three$', multiline=true)
words | select('match', '^[ab]$') | list
rows | selectattr('name', 'match', '[ab]') | map(attribute='port') | list
n is match('3')
word is match
path | regex_replace('^.*/([^/]+)\\.tar\\.gz$', '\\1')
"""

_LISTS = """
numbers | first
numbers | last
[] | first
[] | last
numbers | length
numbers | count
low | length
numbers | sort
numbers | sort(reverse=true)
words | sort
words | sort(case_sensitive=true)
rows | sort(attribute='port,name') | map(attribute='name') | list
[1, 'a'] | sort
numbers | unique
words | unique
words | unique(case_sensitive=true)
words | unique(case_sensitive=false)
rows | unique(attribute='port') | map(attribute='name') | list
[{'a': 1}, {'a': 1}, {'A': 1}] | unique
[[1], [1], 2] | unique
[1, true, 1.0] | unique
numbers | reverse | list
numbers | list
low | list
numbers | batch(3)
numbers | batch(3, 0)
numbers | slice(3)
numbers | slice(3, 'x')
rows | groupby('port')
rows | groupby('port') | map('first') | list
rows | groupby('port') | list | length
nested | flatten
nested | flatten(levels=1)
nested | flatten(1)
nested | flatten(skip_nulls=false)
nested | flatten(levels=0)
'ab' | flatten
[(1, 2), [3]] | flatten
n | flatten
[1, 2] | zip(['a', 'b', 'c'])
[1, 2] | zip(['a'], [nothing])
[1, 2] | zip('ab') | list
[1, 2] | zip_longest(['a', 'b', 'c'])
[1, 2] | zip_longest(['a', 'b', 'c'], fillvalue='-')
['a', 'b'] | zip([1, 2]) | items2dict
dict(['a', 'b'] | zip([1, 2]))
[1, 2] | product(['a', 'b'])
[1, 2] | product
[1, 2] | product(repeat=2)
[1, 2] | product([]) | list
[1, 2, 3] | permutations
[1, 2, 3] | permutations(2)
[1, 2, 3] | combinations(2)
[1, 2, 3] | combinations(4)
numbers | map('string') | list
numbers | map('pow', 2) | list
words | map('upper')
words | select('equalto', 'a')
words | reject('equalto', 'a')
numbers | select
[0, 1, ''] | reject
rows | selectattr('up') | map(attribute='name')
rows | rejectattr('up') | map(attribute='name')
rows | selectattr('port', '==', 80) | map(attribute='name')
rows | selectattr('port', 'in', [443]) | map(attribute='name')
rows | selectattr('tags', 'contains', 'y') | map(attribute='name')
rows | selectattr('tags.0', 'defined') | map(attribute='name')
rows | map(attribute='tags') | flatten
rows | map(attribute='tags.0', default='-') | list
rows | map('combine', {'x': 1}) | map(attribute='x')
rows | map('extract', 'name')
['a', 'c'] | map('extract', {'a': 1, 'b': 2, 'c': 3})
['b'] | map('extract', low, 'x')
['b'] | map('extract', low, ['y', 0])
['zz'] | map('extract', low) | list
rows | subelements('tags')
rows | subelements('nope')
rows | subelements('nope', skip_missing=true)
[{'a': {'b': [1]}}] | subelements('a.b')
[{'a': {'b': [1]}}] | subelements(['a', 'b'])
[{'a': 1}] | subelements('a')
low | subelements('x')
5 | random(seed='s')
numbers | random(seed='s')
10 | random(5, 2, seed='s')
10 | random(start=5, step=2, seed=1)
numbers | random(start=1)
numbers | shuffle(seed='s')
numbers | shuffle(seed=1)
numbers is contains(3)
rows[0] is contains('name')
numbers | sum
[true, 1] is all
[true, 0] is all
[] is all
[0, 1] is any
[] is any
(1, 2)
numbers[1:]
numbers[-1]
numbers[9]
range(3) | list
low.keys()
low.values() | list
low.items()
"""

_SETS = """
[1, 2] | union([2, 3]) | sort
words | union(['c']) | sort(case_sensitive=true)
[1, 2] | intersect([2, 3])
[1, 2, 2] | difference([3])| sort
words | difference(['a']) | sort(case_sensitive=true)
[1, 2] | symmetric_difference([2, 3]) | sort
[{'a': 1}] | union([{'a': 1}, {'b': 2}])
[{'a': 1}, {'b': 2}] | intersect([{'b': 2}])
[{'a': 1}, {'a': 1}, {'b': 2}] | difference([{'b': 2}])
[{'a': 1}] | symmetric_difference([{'b': 2}])
[[1], [2]] | difference([[1]])
[] | union([])
low | difference(['a']) | sort
'abc' | intersect('bcd') | sort
nothing | union([1])
n | difference([1])
[1, 2] is subset([1, 2, 3])
[1, 4] is subset([1, 2, 3])
[1, 2, 3] is superset([1])
[1] is issubset([1])
[1] is issuperset([2])
low is superset(['a'])
"""

_MAPS = """
low | combine(high)
low | combine(high, recursive=true)
low | combine(high, list_merge='append')
low | combine(high, list_merge='prepend')
low | combine(high, list_merge='keep')
low | combine(high, list_merge='append_rp')
low | combine(high, list_merge='prepend_rp')
low | combine(high, recursive=true, list_merge='append')
low | combine(high, recursive=true, list_merge='prepend_rp')
low | combine(low, list_merge='append')
low | combine({})
{} | combine(high)
low | combine(high, {'a': 5})
[low, high] | combine
[{'a': 1}, {'b': 2}, {'a': 3}] | combine
low | combine([high, {'z': 1}])
[] | combine
low | combine(high, list_merge='nope')
low | combine(high, nope=true)
low | combine(1)
low | combine(nothing)
low | combine(nope)
low | combine(high) | dict2items | map(attribute='key')
low | dict2items
low | dict2items(key_name='k', value_name='v')
rows | dict2items
[{'key': 'a', 'value': 1}] | items2dict
[{'k': 'a', 'v': 1}] | items2dict('k', 'v')
rows | items2dict(key_name='name', value_name='port')
rows | items2dict
low | items2dict
[1] | items2dict
low | dictsort
{'b': 1, 'a': 2} | dictsort(by='value')
low | items
rows | rekey_on_member('name')
rows | rekey_on_member('port')
rows | rekey_on_member('port', duplicates='overwrite')
rows | rekey_on_member('nope')
{'x': {'n': 'a'}} | rekey_on_member('n')
[1] | rekey_on_member('n')
low.a
low['b'].x
low.b['y'][0]
low.get('nope')
low.get('nope', 1)
low.b | length
'a' in low
low | first
"""

_DATA = """
low | to_json
cyrillic | to_json
cyrillic | to_json(ensure_ascii=false)
low | to_json(indent=2)
low | to_json(sort_keys=true)
nothing | to_json
f | to_json
[1, yes, nothing, 'a"b'] | to_json
low | to_nice_json
{'b': 1, 'a': 2} | to_nice_json
{'b': 1, 'a': 2} | to_nice_json(sort_keys=false)
low | to_nice_json(indent=2)
cyrillic | to_nice_json(ensure_ascii=false)
low | tojson
text_json | from_json
'nope' | from_json
'' | from_json
text_json | from_json | to_json
low | to_yaml
rows | to_yaml
low | to_yaml(indent=8, width=1337)
low | to_yaml(default_flow_style=true)
'a' | to_yaml
nothing | to_yaml
low | to_nice_yaml
rows | to_nice_yaml
rows | to_nice_yaml(indent=2)
{'b': 1, 'a': 'yes'} | to_nice_yaml(sort_keys=false)
{'text': lines} | to_nice_yaml
{'k': cyrillic, 'n': nothing, 't': yes} | to_nice_yaml
{'a': 'x: y', 'b': '5', 'c': ''} | to_nice_yaml
{'long': word * 12} | to_nice_yaml
{'long': word * 12} | to_nice_yaml(width=300)
low | to_nice_yaml(explicit_start=true)
(1, 2) | to_nice_yaml
text_yaml | from_yaml
'' | from_yaml
nothing | from_yaml
'a: [' | from_yaml
'!!python/object:x {}' | from_yaml
'a: 0o17' | from_yaml
'a: 017' | from_yaml
'12:30' | from_yaml
text_yaml | from_yaml_all
nothing | from_yaml_all
low | to_yaml | from_yaml
word | b64encode
cyrillic | b64encode
cyrillic | b64encode(encoding='utf-16-le')
'>>>???' | b64encode(urlsafe=true)
'SGVsbG8=' | b64decode
'SGVsbG8' | b64decode
'Pj4-Pz8_' | b64decode(urlsafe=true)
word | hash
word | hash('sha256')
word | hash('md5')
word | hash('nope')
cyrillic | hash('sha512')
n | hash
word | md5
word | sha1
word | checksum
word | to_uuid
word | to_uuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8')
word | to_uuid(namespace='nope')
"""

_PATHS = """
path | basename
path | dirname
path | splitext
path | splitext | first
path | relpath('/etc')
path | relpath('/var/log')
'/a/./b/../c//d' | normpath
'/a/b/..' | realpath
'/nowhere/~' | expanduser
'~' | expanduser
'$HOME/x' | expandvars
'${NO_SUCH_VARIABLE}/x' | expandvars
['/etc', 'a', 'b'] | path_join
['/etc', '/a'] | path_join
'/etc' | path_join
n | path_join
['/a/b/c', '/a/b/d'] | commonpath
['/a', 'b'] | commonpath
'/a' | commonpath
'C:\\a\\b.txt' | win_basename
'C:\\a\\b.txt' | win_dirname
'C:\\a\\b.txt' | win_splitdrive
'/etc/pass*' | fileglob
'/no/such/*' | fileglob
'' | basename
'a' | dirname
n | basename
'/etc/passwd' is exists
'/no/such' is exists
'/etc/passwd' is file
'/etc' is file
'/etc' is directory
'/etc/passwd' is is_dir
'/etc' is link
'/' is mount
'/etc' is abs
'etc' is abs
'/etc' is same_file('/etc/.')
url | urlsplit
url | urlsplit('hostname')
url | urlsplit('port')
url | urlsplit('query')
url | urlsplit('nope')
'nothing' | urlsplit('port')
url is url
'mailto:me' is url
'mailto:me' is uri
'urn:isbn:1' is urn
url is url(['https'])
url is uri(['ftp'])
"""

_DATES = """
'%Y-%m-%d %H:%M' | strftime(0, utc=true)
'%Y' | strftime('86400', true)
'%Y' | strftime(1.5)
'%Y' | strftime('x')
'2024-02-29 10:20:30' | to_datetime
'2024-02-29' | to_datetime('%Y-%m-%d')
'nope' | to_datetime
(('2024-02-29 00:00:10' | to_datetime) - ('2024-02-28 00:00:00' | to_datetime)).total_seconds()
(('2024-02-29 00:00:10' | to_datetime) - ('2024-02-28 00:00:00' | to_datetime)).days
('2024-02-29 00:00:10' | to_datetime).strftime('%d.%m.')
('2024-02-29 00:00:10' | to_datetime).year
('2024-02-29 00:00:10' | to_datetime) < ('2025-02-28 00:00:00' | to_datetime)
{'at': '2024-02-29 00:00:10' | to_datetime} | to_json
"""

_OUTCOMES = """
result is failed
result is failure
result is succeeded
result is success
result is successful
result is changed
result is change
result is skipped
result is skip
result is unreachable
result is reachable
looped is changed
{} is changed
{} is failed
{'failed': true} is failed
{'failed': true} is succeeded
{'unreachable': true} is unreachable
{'skipped': true} is skipped
word is failed
word is changed
result.rc == 0 and result is not failed
nothing is nan
'x' is nan
"""

_VERSIONS = """
version is version('1.9', '>')
version is version('1.10.2')
version is version('1.10.2', '==')
version is version('1.10.10', 'lt')
version is version('1.10', '>=')
version is version('1.10.2', '<>')
version is version_compare('2', '<')
version is version('1.10.2-1', '<')
version is version('1.x', '<')
version is version('', '<')
'' is version('1', '<')
version is version('1.0', 'nope')
version is version('1.9', '>', strict=true)
version is version('1.9', '>', strict=false)
version is version('1.9', '>', version_type='strict')
version is version('1.9.x', '>', version_type='strict')
version is version('1.9', '>', version_type='nope')
version is version('1.9', '>', strict=true, version_type='strict')
'1.0a1' is version('1.0', '<', version_type='strict')
'1.0.0' is version('1.0', '==', version_type='strict')
'1.2.3-rc.1' is version('1.2.3', '<', version_type='semver')
'1.2.3-rc.1' is version('1.2.3-rc.10', '<', version_type='semver')
'1.2.3-1' is version('1.2.3-a', '<', version_type='semver')
'1.2.3+5' is version('1.2.3+6', '==', version_type='semantic')
'1.2' is version('1.2.3', '<', version_type='semver')
'1.2.3-rc' is version('1.2.3-rc.1', '<', version_type='semver')
'1.0.dev1' is version('1.0a1', '<', version_type='pep440')
'1.0.post1' is version('1.0', '>', version_type='pep440')
'nope!' is version('1.0', '>', version_type='pep440')
'10' is version('9', '>')
10 is version('9', '>')
1.5 is version('1.10', '<')
'v1.2' is version('v1.10', '<')
'1.2b' is version('1.2a', '>')
"""

_LOOKUPS = """
lookup('env', 'HOME')
lookup('env', 'NO_SUCH_VARIABLE')
lookup('env', 'NO_SUCH_VARIABLE', default='d')
lookup('env', 'NO_SUCH_VARIABLE', default=undef())
lookup('env', 'NO_SUCH_VARIABLE', default=undef()) | default('x')
lookup('env', 'HOME', 'NO_SUCH_VARIABLE')
lookup('ansible.builtin.env', 'HOME')
query('env', 'HOME', 'NO_SUCH_VARIABLE')
q('env', 'HOME')
lookup('env', 'HOME', wantlist=true)
lookup('vars', 'n')
lookup('vars', 'wo' ~ 'rd')
lookup('vars', 'n', 'word')
lookup('vars', 'word', 'path')
query('vars', 'n', 'word')
lookup('vars', 'nope')
lookup('vars', 'nope', default='d')
lookup('vars', 'nope', default={})
lookup('vars', 'nope') | default('d')
q('vars', 'nope', default=0)
lookup('vars', 'low').a
lookup('file', '/no/such/file')
lookup('file', '/no/such/file', errors='ignore')
lookup('file', '/no/such/file', errors='ignore', wantlist=true)
query('file', '/no/such/file', errors='ignore')
lookup('file', '/no/such/file', errors='ignore') | default('d', true)
lookup('file', '/etc/hostname')
lookup('file', '/etc/hostname', rstrip=false)
lookup('file', '/etc/hostname', '/etc/hostname')
lookup('file', '/etc')
lookup('nope', 'x')
lookup('env', nope)
"""

_NAMES = """
word | ansible.builtin.upper
word | ansible.builtin.regex_replace('o', '0')
word is ansible.builtin.match('H')
word | nope
word is nope
"""

_TABLES = (
    _DEFAULTS,
    _TRUTH,
    _NUMBERS,
    _TEXTS,
    _REGEX,
    _LISTS,
    _SETS,
    _MAPS,
    _DATA,
    _PATHS,
    _DATES,
    _OUTCOMES,
    _VERSIONS,
    _LOOKUPS,
    _NAMES,
)
EXPRESSIONS = [line for table in _TABLES for line in table.strip().splitlines()]

TEXTS = [
    "n is {{ n }}",
    "{{ n }} ",
    "{{ n }}{{ n }}",
    "x{{ nothing }}y",
    "x{{ yes }}",
    "x{{ rows[0].tags }}",
    "x{{ low }}",
    "x{{ numbers | map('string') }}",
    "x{{ nope }}",
    "{% for w in words %}{{ loop.index }}{{ w }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for k, v in low.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for r in rows if r.up %}{{ r.name }}{% else %}none{% endfor %}",
    "{% for r in [] %}x{% else %}none{% endfor %}",
    "{% set x = n + 1 %}{{ x }}",
    "{% set ns = namespace(t=0) %}{% for i in numbers %}{% set ns.t = ns.t + i %}{% endfor %}{{ ns.t }}",
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}",
    "{% if n > 2 %}many{% elif n %}few{% else %}none{% endif %}",
    "{% raw %}{{ x }}{% endraw %}",
    "a{# comment #}b",
    "{% for i in [1, [2]] recursive %}{% if i is iterable %}({{ loop(i) }}){% else %}{{ i }}{% endif %}{% endfor %}",
    "{{ 'a' }}\\n{{ 'b\\n' }}",
    "{%- if true -%}  x  {%- endif -%} y",
    "{{ n }}\n",
    "{% filter upper %}abc{% endfilter %}",
    "plain",
    "",
    "{{ word }}\n\n",
    "x {{ n }}\n",
    "{% if yes %}{{ numbers }}{% endif %}",
    "{% if yes %}{{ numbers }}{% endif %}\n",
    "{% if yes %}\n{{ numbers }}\n{% endif %}\n",
    "{% if yes %}{{ nothing }}{% endif %}",
    "{% if yes %}{{ 1 }}{% endif %}",
    "{% if yes %}1{% endif %}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m([1]) }}",
    "{% macro m(a) %}x{{ a }}{% endmacro %}{{ m([1]) }}",
    "{% for i in [1] %}{{ i }}{% endfor %}",
    "{% for i in numbers %}{{ i }}\n{% endfor %}",
    "{% set x %}{{ numbers }}{% endset %}{{ x }}",
    "{{ '' }}{{ n }}",
    "{% filter upper %}{{ words }}{% endfilter %}",
    "{{ numbers }}{# a comment #}",
    "{%- if yes %} {{ numbers }} {% endif -%}",
    "{% if yes %}[1, 2]{% endif %}",
    "x{{ none }}y{{ 1 }}{{ [none] }}",
    "{{ '{{' }} n }}",
    "{{ '{{ n }}' }}",
]

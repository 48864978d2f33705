"""Ends a process with everything that belongs to it, by sh text that needs nothing but /proc or `ps`. Pure."""

from __future__ import annotations

# What belongs to it: what descends from it, and what shares its session or its process group (children whose parent has
# ended). Its own ancestors do not. All are halted before any is ended, so that none can make another meanwhile; a whole
# group is halted at one blow where that is allowed, for those that live shorter than a look at /proc takes.
_SCRIPT = """\
root={pid} spare={spare} blow={blow}
list() {{
if [ -r /proc/self/stat ]; then
for d in /proc/[0-9]*; do
line=
{{ IFS= read -r line <$d/stat; }} 2>/dev/null
set -- ${{line##*) }}
case ${{1:-Z}} in Z|X) ;; *) echo ${{d#/proc/}} $2 $3 $4 ;; esac
done
else
ps -A -o pid= -o ppid= -o pgid= -o sess=
fi
}}
row() {{
up= group= session=
while read -r p u g s; do
[ "$p" != "$1" ] || {{ up=$u group=$g session=$s; return; }}
done <<X
$all
X
}}
find_members() {{
all=$(list)
row $$; mine=$session
row $root
G=${{group:-$root}} S=${{session:-$root}}
[ "$S" != "$mine" ] || S= G=
above=" " a=$up
while [ "${{a:-0}}" -gt 1 ]; do above="$above$a "; row $a; a=$up; done
members=" $root " before=
while [ "$members" != "$before" ]; do
before=$members
while read -r p u g s; do
case $members$above in *" $p "*) continue ;; esac
case $members in
*" $u "*) members="$members$p " ;;
*) if [ "$g" = "$G" ] || [ "$s" = "$S" ]; then members="$members$p "; fi ;;
esac
done <<X
$all
X
done
if [ $spare = 1 ]; then members=" ${{members#" $root "}}"
else row $root; [ -n "$up" ] || members=" ${{members#" $root "}}"
fi
}}
n=0
trap '[ -z "$G" ] || [ $blow = 0 ] || kill -s CONT -- -$G 2>/dev/null' EXIT
while [ $n -lt 20 ]; do
n=$((n+1)) halted=
[ $n -gt 1 ] || find_members
[ -z "$G" ] || [ $blow = 0 ] || kill -s STOP -- -$G
find_members
[ -n "${{members# }}" ] || exit 0
while [ "$members" != "$halted" ]; do
halted=$members
kill -STOP $members
find_members
done
kill -KILL $members
done 2>/dev/null
exit 1
"""


def kill_script(pid: int, *, spare: bool = False, whole_group: bool = False) -> str:
    """Ends the process and all that belongs to it; with `spare` it lives on itself. Exit code 0: nothing is left.

    `whole_group`: its group may be halted for a moment, the process too. Not below sudo, which then halts for good.
    """
    return _SCRIPT.format(pid=pid, spare=int(spare), blow=int(whole_group))

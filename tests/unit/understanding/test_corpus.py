from collections import Counter

from reception.dialogue.understanding.reader import read

from .corpus import agrees, cases, notate

AT_LEAST = 0.97
AT_LEAST_A_KIND = 0.9


def test_callers_are_understood_by_rules_alone() -> None:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    wrong: list[str] = []
    for case in cases():
        commands = [notate(command) for command in read(case.text, case.context)]
        total[case.kind] += 1
        if agrees(case, commands):
            right[case.kind] += 1
        else:
            wrong.append(
                f"{case.line:4} {case.kind}: {case.text!r}\n       want {'; '.join(case.expected)}\n       got  "
                f"{'; '.join(commands)}"
            )
    for kind in total:
        print(f"{kind:18} {right[kind]:3} of {total[kind]:3}  {right[kind] / total[kind]:.1%}")
    print(f"{'all':18} {right.total():3} of {total.total():3}  {right.total() / total.total():.1%}")
    print("\n".join(wrong))
    assert total.total() >= 400
    assert right.total() / total.total() >= AT_LEAST, f"{len(wrong)} misunderstood:\n" + "\n".join(wrong)
    weak = [kind for kind in total if right[kind] / total[kind] < AT_LEAST_A_KIND]
    assert not weak, f"below {AT_LEAST_A_KIND:.0%}: {weak}"

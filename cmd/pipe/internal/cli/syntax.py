import json, sys, warnings

warnings.simplefilter("ignore")


def mistake(text):
    try:
        compile(text, "script", "exec", dont_inherit=True)
    except SyntaxError as e:
        lines = text.split("\n")
        number = min(max(e.lineno or 1, 1), len(lines))
        before = "".join(line + "\n" for line in lines[: number - 1])
        before += lines[number - 1][: max((e.offset or 1) - 1, 0)]
        offset = len(before.encode(errors="surrogatepass"))
        return {"Offset": offset, "Message": e.msg[:1].lower() + e.msg[1:]}
    except (ValueError, RecursionError, MemoryError, OverflowError) as e:
        return {"Offset": 0, "Message": str(e)}
    return {"Offset": 0, "Message": ""}


json.dump([mistake(t) for t in json.load(sys.stdin)], sys.stdout)

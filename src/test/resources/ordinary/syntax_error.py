def f():
    print("never"
    return 1

if True:
    print("never")
  print("neither")

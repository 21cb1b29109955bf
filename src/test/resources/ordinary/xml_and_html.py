import html
import html.parser
import xml.dom.minidom
import xml.etree.ElementTree as tree
import xml.sax
from xml.sax.saxutils import escape

root = tree.fromstring("<a x='1'><b>text</b><b>é</b><c/>tail</a>")
print([b.text for b in root.findall("b")], root.attrib, tree.tostring(root, encoding="unicode"))
tree.indent(root)
tree.ElementTree(root).write("out.xml", encoding="utf-8", xml_declaration=True)
print(open("out.xml").read(), xml.dom.minidom.parseString("<a><b/></a>").toprettyxml())


class Handler(xml.sax.ContentHandler):
    def startElement(self, name, attributes):
        print("start", name, dict(attributes))


xml.sax.parseString(b"<a><b c='d'/></a>", Handler())


class Links(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        print(tag, attributes)


Links().feed("<p class=x>Hello <a href='y'>link</a><br>")
print(html.escape("<&>"), html.unescape("&eacute;&#128123;"), escape("a < b"))
tree.fromstring("<a><b></a>")

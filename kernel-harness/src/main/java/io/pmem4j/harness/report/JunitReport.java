// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** A campaign as JUnit's XML: a case for each program, and one for findings of none. */
public final class JunitReport {
  private JunitReport() {}

  /** Writes the file. */
  public static void write(Campaign campaign, Path file) throws IOException {
    try (Writer text = Files.newBufferedWriter(file)) {
      XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(text);
      write(campaign, xml);
      xml.close();
    } catch (XMLStreamException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static void write(Campaign campaign, XMLStreamWriter xml) throws XMLStreamException {
    long failures = campaign.diverged().size();
    long errors =
        campaign.programs().values().stream().filter(JunitReport::isNotRun).count()
            + (campaign.findings().isEmpty() ? 0 : 1);
    long skipped = campaign.programs().values().stream().filter(JunitReport::isOmitted).count();
    xml.writeStartDocument("UTF-8", "1.0");
    xml.writeStartElement("testsuite");
    xml.writeAttribute("name", campaign.settings().verb() + " " + campaign.settings().kernel());
    xml.writeAttribute("tests", Long.toString(campaign.programs().size() + 1L));
    xml.writeAttribute("failures", Long.toString(failures));
    xml.writeAttribute("errors", Long.toString(errors));
    xml.writeAttribute("skipped", Long.toString(skipped));
    xml.writeAttribute("time", Double.toString(campaign.seconds()));
    for (ProgramLine line : campaign.programs().values()) {
      begin(xml, campaign, line.program(), line.millis() / 1000.0);
      switch (line.verdict()) {
        case DIVERGED -> end(xml, "failure", String.join("; ", line.findings()), line.text());
        case NOT_RUN -> end(xml, "error", String.join("; ", line.findings()), "");
        case OMITTED -> end(xml, "skipped", String.join("; ", line.notes()), "");
        default -> {}
      }
      xml.writeEndElement();
    }
    begin(xml, campaign, "lock edges and parts", 0);
    if (!campaign.findings().isEmpty()) {
      end(xml, "error", String.join("; ", campaign.findings()), "");
    }
    xml.writeEndElement();
    xml.writeEndElement();
    xml.writeEndDocument();
  }

  private static boolean isNotRun(ProgramLine line) {
    return line.verdict() == Verdict.NOT_RUN;
  }

  private static boolean isOmitted(ProgramLine line) {
    return line.verdict() == Verdict.OMITTED;
  }

  private static void begin(XMLStreamWriter xml, Campaign campaign, String name, double seconds)
      throws XMLStreamException {
    xml.writeStartElement("testcase");
    xml.writeAttribute("classname", campaign.settings().verb());
    xml.writeAttribute("name", name);
    xml.writeAttribute("time", Double.toString(seconds));
  }

  private static void end(XMLStreamWriter xml, String element, String message, String text)
      throws XMLStreamException {
    xml.writeStartElement(element);
    xml.writeAttribute("message", printable(message));
    xml.writeCharacters(printable(text));
    xml.writeEndElement();
  }

  /** XML has no control characters. */
  private static String printable(String text) {
    return text.replaceAll("[^\\t\\n\\r\\x20-\\uD7FF\\uE000-\\uFFFD]", "?");
  }
}

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The first fault that makes a text no XML document, empty if there is none: tags that do not match, attributes that
/// are not quoted or stand twice, bare `<` and `&`. Knows elements, attributes and text, no declarations or comments.
inline std::string xml_fault(std::string_view xml) {
  const auto is_name = [](char c) { return std::string_view(" \n\t\"'=<>/&").find(c) == std::string_view::npos; };
  std::vector<std::string> open;
  std::size_t i = 0;
  const auto name = [&] {
    const std::size_t start = i;
    while (i < xml.size() && is_name(xml[i])) ++i;
    return std::string(xml.substr(start, i - start));
  };
  const auto fault = [&](const std::string& what) { return what + " at byte " + std::to_string(i); };
  const auto entity_ends = [&] { return xml.substr(i, 8).find(';') != std::string_view::npos; };
  bool had_root = false;
  while (i < xml.size()) {
    if (xml[i] == '&' && !entity_ends()) return fault("bare &");
    if (xml[i] != '<') {
      if (open.empty() && xml[i] != '\n') return fault("text outside the root");
      ++i;
      continue;
    }
    ++i;
    if (i < xml.size() && xml[i] == '/') {
      ++i;
      const std::string closed = name();
      if (open.empty() || open.back() != closed) return fault("</" + closed + "> closes nothing");
      open.pop_back();
      if (i >= xml.size() || xml[i++] != '>') return fault("unfinished end tag");
      continue;
    }
    const std::string element = name();
    if (element.empty()) return fault("bare <");
    if (open.empty() && had_root) return fault("second root");
    had_root = true;
    std::vector<std::string> attributes;
    while (i < xml.size() && xml[i] == ' ') {
      ++i;
      const std::string attribute = name();
      if (attribute.empty()) return fault("attribute without a name");
      for (const auto& other : attributes) {
        if (other == attribute) return fault("attribute " + attribute + " twice");
      }
      attributes.push_back(attribute);
      if (xml.substr(i, 2) != "=\"") return fault("attribute " + attribute + " without a quoted value");
      for (i += 2; i < xml.size() && xml[i] != '"'; ++i) {
        if (xml[i] == '<' || (xml[i] == '&' && !entity_ends())) return fault("bare character in an attribute");
      }
      ++i;
    }
    if (xml.substr(i, 2) == "/>") {
      i += 2;
    } else if (xml.substr(i, 1) == ">") {
      i += 1;
      open.push_back(element);
    } else {
      return fault("unfinished tag " + element);
    }
  }
  if (!open.empty()) return "<" + open.back() + "> is never closed";
  return had_root ? "" : "no element";
}

/// How often a piece of text occurs.
inline std::size_t occurrences(std::string_view text, std::string_view piece) {
  std::size_t n = 0;
  for (std::size_t at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + piece.size())) ++n;
  return n;
}

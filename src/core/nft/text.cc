#include "core/nft/text.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "core/nft/field_text.h"

namespace hitless::nft {
namespace {

constexpr std::array<std::string_view, 5> kHookNames = {"prerouting", "input", "forward", "output",
                                                        "postrouting"};
constexpr std::array<std::string_view, 3> kHookTypeNames = {"filter", "nat", "route"};

std::string elementText(const SetSpec& spec, const Element& element) {
  std::string text = spec.interval ? text::interval(spec.key, element.first, element.second.last)
                                   : text::datum(spec.key, element.first);
  text += text::quotedComment(element.second.comment);
  if (const auto* data = std::get_if<Datum>(&element.second.target)) {
    text += " : " + text::datum(spec.value, *data);
  } else if (const auto* verdict = std::get_if<Verdict>(&element.second.target)) {
    text += " : " + text::verdict(*verdict);
  }
  return text;
}

std::string_view keyword(const SetSpec& spec) {
  return spec.kind == SetSpec::Kind::kSet ? "set" : "map";
}

std::string setTypeText(const SetSpec& spec) {
  std::string text = "type " + text::types(spec.key);
  if (spec.kind == SetSpec::Kind::kMap) {
    text += " : " + text::types(spec.value);
  } else if (spec.kind == SetSpec::Kind::kVerdictMap) {
    text += " : verdict";
  }
  return text;
}

std::string setText(const Set& set) {
  std::string text =
      fmt::format("\t{} {} {{\n\t\t{}\n", keyword(set.spec), set.spec.name, setTypeText(set.spec));
  if (set.spec.dynamic) {
    text += "\t\tflags dynamic,timeout\n";
  }
  if (set.spec.interval) {
    text += "\t\tflags interval\n";
  }
  if (set.spec.timeout != 0) {
    text += fmt::format("\t\ttimeout {}s\n", set.spec.timeout / 1000);
  }
  if (!set.spec.comment.empty()) {
    text += fmt::format("\t\tcomment \"{}\"\n", set.spec.comment);
  }
  if (!set.elements.empty()) {
    std::vector<std::string> lines;
    for (const Element& element : set.elements) {
      lines.push_back(elementText(set.spec, element));
    }
    text += fmt::format("\t\telements = {{ {} }}\n", join(lines, ",\n\t\t\t     "));
  }
  return text + "\t}\n";
}

std::string hookText(const Hook& hook) {
  return fmt::format("type {} hook {} priority {}; policy accept;",
                     kHookTypeNames[static_cast<std::size_t>(hook.type)],
                     kHookNames[static_cast<std::size_t>(hook.point)], hook.priority);
}

std::string chainText(const Chain& chain, const Ruleset& context) {
  std::string text = fmt::format("\tchain {} {{\n", chain.spec.name);
  if (!chain.spec.comment.empty()) {
    text += fmt::format("\t\tcomment \"{}\"\n", chain.spec.comment);
  }
  if (chain.spec.hook) {
    text += fmt::format("\t\t{}\n", hookText(*chain.spec.hook));
  }
  for (const Rule& rule : chain.rules) {
    text += fmt::format("\t\t{}\n", render(rule, context));
  }
  return text + "\t}\n";
}

/// One nft command per operation; elements of one operation share it.
struct OperationText {
  const std::string& table;
  const Ruleset& context;

  SetSpec specOf(const std::string& name) const {
    const auto it = context.sets.find(name);
    return it == context.sets.end() ? SetSpec{} : it->second.spec;
  }
  std::string elements(std::string_view verb, const std::string& set,
                       const std::vector<Element>& list) const {
    std::vector<std::string> parts;
    for (const Element& element : list) {
      parts.push_back(elementText(specOf(set), element));
    }
    return fmt::format("{} element inet {} {} {{ {} }}\n", verb, table, set, join(parts, ", "));
  }

  std::string operator()(const AddTable& op) const {
    return fmt::format("add table inet {}{}\n", op.table.name,
                       op.table.owner == 0 ? "" : " { flags owner; }");
  }
  std::string operator()(const DeleteTable&) const {
    return fmt::format("delete table inet {}\n", table);
  }
  std::string operator()(const AddChain& op) const {
    return fmt::format("add chain inet {} {}{}\n", table, op.chain.name,
                       op.chain.hook ? fmt::format(" {{ {} }}", hookText(*op.chain.hook)) : "");
  }
  std::string operator()(const DeleteChain& op) const {
    return fmt::format("delete chain inet {} {}\n", table, op.chain);
  }
  std::string operator()(const FlushChain& op) const {
    return fmt::format("flush chain inet {} {}\n", table, op.chain);
  }
  std::string operator()(const AddRule& op) const {
    return fmt::format("add rule inet {} {} {}\n", table, op.chain, render(op.rule, context));
  }
  std::string operator()(const AddSet& op) const {
    return fmt::format("add {} inet {} {} {{ {};{} }}\n", keyword(op.set), table, op.set.name,
                       setTypeText(op.set),
                       op.set.interval       ? " flags interval;"
                       : op.set.dynamic      ? " flags dynamic,timeout;"
                       : op.set.timeout != 0 ? fmt::format(" timeout {}s;", op.set.timeout / 1000)
                                             : "");
  }
  std::string operator()(const DeleteSet& op) const {
    return fmt::format("delete set inet {} {}\n", table, op.set);
  }
  std::string operator()(const AddElements& op) const {
    return elements("add", op.set, op.elements);
  }
  std::string operator()(const ReplaceElements& op) const {
    return elements("replace", op.set, op.elements);
  }
  std::string operator()(const DeleteElements& op) const {
    std::vector<Element> keys;
    for (std::size_t i = 0; i < op.keys.size(); ++i) {
      keys.emplace_back(op.keys[i],
                        ElementValue{{}, {}, i < op.lasts.size() ? op.lasts[i] : Datum()});
    }
    return elements("delete", op.set, keys);
  }
};

}  // namespace

std::string render(const Ruleset& ruleset) {
  if (!ruleset.table) {
    return {};
  }
  std::string text = fmt::format("table inet {} {{\n", ruleset.table->name);
  if (ruleset.table->owner != 0) {
    text += "\tflags owner\n";
  }
  if (!ruleset.table->comment.empty()) {
    text += fmt::format("\tcomment \"{}\"\n", ruleset.table->comment);
  }
  for (const auto& [name, set] : ruleset.sets) {
    text += setText(set);
  }
  for (const auto& [name, chain] : ruleset.chains) {
    text += chainText(chain, ruleset);
  }
  return text + "}\n";
}

std::string render(const Transaction& transaction, const Ruleset& context) {
  std::string text;
  for (const Operation& operation : transaction.operations) {
    text += std::visit(OperationText{transaction.table, context}, operation);
  }
  return text;
}

}  // namespace hitless::nft

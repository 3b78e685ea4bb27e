#include "app/doctor/dump_command.h"

#include <fmt/format.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>

#include "app/terminal.h"
#include "core/iptables/report.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

Result<std::string> readStandardInput() {
  std::string text;
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stdin);
    text.append(buffer.data(), got);
    if (got < buffer.size()) {
      break;
    }
  }
  return std::ferror(stdin) != 0 ? Result<std::string>(osFail("standard input"))
                                 : Result<std::string>(std::move(text));
}

Result<int> examineDump(const DumpOptions& options) {
  const auto start = Clock::now();
  std::string text = TRY(readDumpFile(options.file));
  const auto parsed = iptables::parseDump(std::move(text));
  if (!parsed) {
    return tl::unexpected(Error(parsed.error()).about(options.file));
  }
  const iptables::Dump& dump = *parsed;
  const auto read = Clock::now();
  const iptables::Duplicates duplicates = iptables::findDuplicates(dump);
  const auto counted = Clock::now();
  if (options.json) {
    boost::json::object out = iptables::jsonOf(duplicates, dump);
    out["readMilliseconds"] = milliseconds(read - start);
    out["countMilliseconds"] = milliseconds(counted - read);
    fmt::print("{}\n", boost::json::serialize(out));
  } else {
    fmt::print("{}: read in {:.0f} ms, counted in {:.0f} ms\n{}", options.file,
               milliseconds(read - start), milliseconds(counted - read),
               iptables::textOf(duplicates, dump));
  }
  return duplicates.mayGo > 0 ? 2 : 0;
}

}  // namespace

void addDumpOptions(CLI::App& parser, DumpOptions& options) {
  parser.add_option("--dump", options.file,
                    "Look at what iptables-save wrote (- is standard input) instead of this node: "
                    "repetitions, owners, cost");
}

int runDump(const DumpOptions& options) {
  const auto status = examineDump(options);
  return status ? *status : exitStatus(tl::unexpected(status.error()));
}

Result<std::string> readDumpFile(const std::string& file) {
  return file == "-" ? readStandardInput() : sys::readFile(file);
}

}  // namespace hitless::app

#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct NaiveBayesOptions {
  double alpha = 1.0;  ///< added to every count (Laplace smoothing), above 0
};

/// Multinomial naive Bayes on word counts: the naive baseline for texts. It sees how often each word occurs and nothing
/// of their order, and fits in one pass.
///
///   score of class c = log P(c) + Σ over words w of log P(w | c)
///   P(w | c) = (occurrences of w in texts of class c + alpha) / (words in texts of class c + alpha·V)
///
/// V is one more than the largest id of the texts it is fitted to. Padding (id 0) and ids that are new after fitting
/// say nothing; other ids count like words, start and unknown included. Same bits on every machine.
/// Source  McCallum & Nigam 1998, "A comparison of event models for naive Bayes text classification"
class NaiveBayes {
 public:
  using Ids = std::vector<std::int32_t>;

  /// @throws OptionError if alpha is not above 0
  explicit NaiveBayes(NaiveBayesOptions options = {}) : options_(options) {
    if (!(options_.alpha > 0.0 && options_.alpha < 1e300)) {
      throw OptionError(text("NaiveBayes: alpha must be above 0, got ", options_.alpha));
    }
  }

  /// Learns from encoded texts and their classes 0, 1, 2 …; what it learnt before is forgotten.
  /// @throws ShapeError if there are more or fewer labels than texts
  /// @throws DataError if there are no texts, or an id or label is negative
  void fit(std::span<const Ids> texts, std::span<const std::int32_t> labels) {
    check_sizes(texts, labels);
    std::int32_t last_id = 0;
    std::int32_t last_class = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      for (const std::int32_t id : texts[i]) {
        if (id < 0) throw DataError(text("NaiveBayes: ids must be at least 0, got ", id, " in text ", i));
        last_id = std::max(last_id, id);
      }
      if (labels[i] < 0) throw DataError(text("NaiveBayes: labels must be at least 0, got ", labels[i], " at ", i));
      last_class = std::max(last_class, labels[i]);
    }
    const std::size_t V = static_cast<std::size_t>(last_id) + 1;
    const std::size_t classes = static_cast<std::size_t>(last_class) + 1;
    std::vector<std::uint64_t> occurrences(classes * V, 0);
    std::vector<std::uint64_t> words(classes, 0);
    std::vector<std::uint64_t> texts_of(classes, 0);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto c = static_cast<std::size_t>(labels[i]);
      ++texts_of[c];
      for (const std::int32_t id : texts[i]) {
        if (id == 0) continue;
        ++occurrences[c * V + static_cast<std::size_t>(id)];
        ++words[c];
      }
    }
    vocabulary_ = V;
    log_prior_.assign(classes, kImpossible);
    log_likelihood_.assign(classes * V, 0.0);
    for (std::size_t c = 0; c < classes; ++c) {
      if (texts_of[c] == 0) continue;  // a class without texts is never predicted
      log_prior_[c] = detail::portable_log(static_cast<double>(texts_of[c]) / static_cast<double>(texts.size()));
      const double total = static_cast<double>(words[c]) + options_.alpha * static_cast<double>(V);
      for (std::size_t w = 0; w < V; ++w) {
        const double count = static_cast<double>(occurrences[c * V + w]) + options_.alpha;
        log_likelihood_[c * V + w] = detail::portable_log(count / total);
      }
    }
  }

  /// The most probable class of a text; the smaller one of two that are equally probable.
  /// @throws StateError before fit
  std::int32_t predict(std::span<const std::int32_t> ids) const {
    if (log_prior_.empty()) throw StateError("NaiveBayes: fit must come before predict, got no texts yet; call fit");
    std::size_t best = 0;
    double best_score = 0.0;
    for (std::size_t c = 0; c < log_prior_.size(); ++c) {
      double score = log_prior_[c];
      for (const std::int32_t id : ids) {
        if (id > 0 && static_cast<std::size_t>(id) < vocabulary_) {
          score += log_likelihood_[c * vocabulary_ + static_cast<std::size_t>(id)];
        }
      }
      if (c == 0 || score > best_score) {
        best = c;
        best_score = score;
      }
    }
    return static_cast<std::int32_t>(best);
  }

  /// The share of texts whose class is predicted right, in [0, 1].
  /// @throws StateError, ShapeError, DataError as predict and fit
  double accuracy(std::span<const Ids> texts, std::span<const std::int32_t> labels) const {
    check_sizes(texts, labels);
    std::size_t right = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) right += predict(texts[i]) == labels[i] ? 1U : 0U;
    return static_cast<double>(right) / static_cast<double>(texts.size());
  }

 private:
  static constexpr double kImpossible = -1e300;  // finite, so that sums stay numbers

  static void check_sizes(std::span<const Ids> texts, std::span<const std::int32_t> labels) {
    if (texts.empty()) throw DataError("NaiveBayes: there must be texts, got none");
    if (texts.size() != labels.size()) {
      throw ShapeError(text("NaiveBayes: labels must be as many as texts, ", texts.size(), ", got ", labels.size()));
    }
  }

  NaiveBayesOptions options_;
  std::size_t vocabulary_ = 0;
  std::vector<double> log_prior_;       // by class
  std::vector<double> log_likelihood_;  // (class, id)
};

/// Accuracy on the validation texts of naive Bayes fitted to the training texts: the number a network has to beat.
/// @throws as NaiveBayes
inline double bag_of_words_baseline(std::span<const NaiveBayes::Ids> train, std::span<const std::int32_t> train_labels,
                                    std::span<const NaiveBayes::Ids> validation,
                                    std::span<const std::int32_t> validation_labels) {
  NaiveBayes model;
  model.fit(train, train_labels);
  return model.accuracy(validation, validation_labels);
}

}  // namespace seqnn::inline SEQNN_ABI

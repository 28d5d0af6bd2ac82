#pragma once

#include "seqnn/core/config.hpp"

namespace seqnn::inline SEQNN_ABI::detail {

/// Colours apart from each other for colour-blind readers too, at least 4.5 to 1 against the background.
inline constexpr const char* kChartStyle = R"(<style>
.seqnn-chart text{font-family:sans-serif;font-size:12px;fill:#3d4451}
.seqnn-chart .title{font-size:15px;font-weight:600;fill:#14171c}
.seqnn-chart .page{fill:#fff}
.seqnn-chart .grid{stroke:#e3e6eb}
.seqnn-chart .axis,.seqnn-chart .guide{stroke:#868e9b}
.seqnn-chart .guide,.seqnn-chart .dashed{stroke-dasharray:5 4}
.seqnn-chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.seqnn-chart .area{fill-opacity:.16}
.seqnn-chart .ring{fill:#fff;stroke:#14171c;stroke-width:2}
.seqnn-chart .note{fill:#14171c;stroke:#fff;stroke-width:4;stroke-linejoin:round;paint-order:stroke}
.seqnn-chart .c0{stroke:#1d5fc4}.seqnn-chart .f0{fill:#1d5fc4}
.seqnn-chart .c1{stroke:#c2410c}.seqnn-chart .f1{fill:#c2410c}
.seqnn-chart .c2{stroke:#15803d}.seqnn-chart .f2{fill:#15803d}
.seqnn-chart .c3{stroke:#7e3fbf}.seqnn-chart .f3{fill:#7e3fbf}
.seqnn-chart .c4{stroke:#0e7490}.seqnn-chart .f4{fill:#0e7490}
.seqnn-chart .c5{stroke:#b0246e}.seqnn-chart .f5{fill:#b0246e}
@media (prefers-color-scheme:dark){
.seqnn-chart text{fill:#b8bfca}
.seqnn-chart .title{fill:#f0f2f5}
.seqnn-chart .page{fill:#14171c}
.seqnn-chart .grid{stroke:#2b3038}
.seqnn-chart .axis,.seqnn-chart .guide{stroke:#737b88}
.seqnn-chart .ring{fill:#14171c;stroke:#f0f2f5}
.seqnn-chart .note{fill:#f0f2f5;stroke:#14171c}
.seqnn-chart .c0{stroke:#7ab0ff}.seqnn-chart .f0{fill:#7ab0ff}
.seqnn-chart .c1{stroke:#ff9e64}.seqnn-chart .f1{fill:#ff9e64}
.seqnn-chart .c2{stroke:#6bd48a}.seqnn-chart .f2{fill:#6bd48a}
.seqnn-chart .c3{stroke:#c9a2ff}.seqnn-chart .f3{fill:#c9a2ff}
.seqnn-chart .c4{stroke:#5fd0e6}.seqnn-chart .f4{fill:#5fd0e6}
.seqnn-chart .c5{stroke:#ff8ac2}.seqnn-chart .f5{fill:#ff8ac2}
}
</style>
)";

}  // namespace seqnn::inline SEQNN_ABI::detail

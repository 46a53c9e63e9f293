from __future__ import annotations
import numpy as np
from geoclip_core.places.gazetteer import load_gazetteer
from geoclip_core.places.names import tokenise
from geoclip_core.model.language_prior import LanguagePrior
from geoclip_core.model.spans import *
from geoclip_core.model.ranking import *
class PlaceEncoder:
    def __init__(self):
        self.g=load_gazetteer(); self.lang=LanguagePrior(self.g); self.ranker=Ranker(self.g,self.lang)
    def candidates(self,text):
        tokens=tokenise(text)
        spans=exact_spans(tokens,self.g)
        scores=self.ranker.score(tokens,spans)
        best=max((s.max() for s in scores),default=-99)
        if best<2.0:
            fz=fuzzy_spans(tokens,[s for s,x in zip(spans,scores) if x.max()>1],self.g)
            if fz:
                spans=spans+fz
                scores=self.ranker.score(tokens,spans)
        best={}
        for s,x in zip(spans,scores):
            for r,v in zip(s.rows,x):
                if r not in best or v>best[r][0]: best[int(r)]=(float(v),s)
        return tokens,sorted(((v,r,s) for r,(v,s) in best.items()),key=lambda t:-t[0])
